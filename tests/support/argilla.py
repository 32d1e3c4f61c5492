"""A real Argilla server for tests: server, worker, Redis, and a stand-in for its search engine."""

from __future__ import annotations

import shutil
import sqlite3
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.support import search_stand_in
from tests.support.argilla_home import DATABASE, WORKSPACE, api_key, child_environment, prepare_argilla
from tests.support.processes import GuardedProcess
from tests.support.redis_server import RedisServer
from workers.demo.server import free_port

_START_TIMEOUT_S = 180.0
_POLL_INTERVAL_S = 0.1
_REQUEST_TIMEOUT_S = 60.0

Json = Mapping[str, Any]


class ArgillaCallError(AssertionError):
    """Argilla refused a call by which a test sets its scene."""


@dataclass
class ArgillaServer:
    """One running server; every test makes datasets of its own on it."""

    url: str
    search_url: str
    redis: RedisServer
    worker: GuardedProcess
    data_dir: Path
    _clients: dict[str, httpx.Client] = field(default_factory=dict)

    def key(self, name: str) -> str:
        """The API key of owner, service (an admin) or an annotator."""
        return api_key(name)

    def request(self, method: str, path: str, by: str = "owner", **arguments: Any) -> httpx.Response:
        """One call as one of the people, whatever comes back."""
        if by not in self._clients:
            headers = {"X-Argilla-Api-Key": self.key(by)}
            self._clients[by] = httpx.Client(
                base_url=self.url, headers=headers, timeout=_REQUEST_TIMEOUT_S, trust_env=False
            )
        return self._clients[by].request(method, f"/api/v1{path}", **arguments)

    def call(self, method: str, path: str, by: str = "owner", **arguments: Any) -> Any:
        """The JSON answer of a call that must succeed."""
        response = self.request(method, path, by, **arguments)
        if not response.is_success:
            raise ArgillaCallError(f"{method} {path}: {response.status_code} {response.text[:500]}")
        return response.json() if response.content else None

    def pending(self, dataset: str, by: str) -> list[dict[str, Any]]:
        """The beginning of a person's queue, as the page asks for it."""
        wanted = [
            {"type": "terms", "scope": {"entity": entity, "property": "status"}, "values": ["pending"]}
            for entity in ("response", "record")
        ]
        body = {"filters": {"type": "and", "and": wanted}}
        answer = self.call("POST", f"/me/datasets/{dataset}/records/search", by=by, json=body)
        return [row["record"] for row in answer["items"]]

    def write_to_database(self, statement: str, values: Sequence[Any]) -> None:
        """What no call brings about any more, such as an answer whose option was removed since."""
        with closing(sqlite3.connect(self.data_dir / DATABASE, timeout=10)) as database, database:
            assert database.execute(statement, values).rowcount == 1, statement

    @contextmanager
    def without_search(self) -> Iterator[None]:
        """The search engine answers every call with an error, so the server stores and then fails."""
        httpx.put(f"{self.search_url}/_failing", trust_env=False).raise_for_status()
        try:
            yield
        finally:
            httpx.delete(f"{self.search_url}/_failing", trust_env=False).raise_for_status()

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def workspace(self) -> str:
        """The id of the workspace that all people are members of."""
        items = self.call("GET", "/me/workspaces")["items"]
        return str(next(row["id"] for row in items if row["name"] == WORKSPACE))

    def user_id(self, name: str) -> str:
        return str(self.call("GET", "/me", by=name)["id"])

    def new_dataset(
        self,
        name: str,
        fields: Sequence[Json],
        questions: Sequence[Json],
        *,
        publish: bool = True,
        **settings: Any,
    ) -> str:
        """A dataset with its fields and questions; its id."""
        body = {"name": name, "workspace_id": self.workspace(), **settings}
        dataset = str(self.call("POST", "/datasets", json=body)["id"])
        for part, entries in (("fields", fields), ("questions", questions)):
            for entry in entries:
                self.call("POST", f"/datasets/{dataset}/{part}", json=entry)
        if publish:
            self.call("PUT", f"/datasets/{dataset}/publish")
        return dataset

    def question_id(self, dataset: str, name: str) -> str:
        items = self.call("GET", f"/datasets/{dataset}/questions")["items"]
        return str(next(row["id"] for row in items if row["name"] == name))

    def add_records(self, dataset: str, records: Sequence[Json]) -> list[str]:
        """Add in one call; the new ids in the order of `records`."""
        answer = self.call("PUT", f"/datasets/{dataset}/records/bulk", json={"items": [*records]})
        return [str(row["id"]) for row in answer["items"]]

    def records(self, dataset: str) -> list[dict[str, Any]]:
        """All records of a small dataset, with responses and suggestions."""
        params = {"limit": 1000, "include": ["responses", "suggestions"]}
        return list(self.call("GET", f"/datasets/{dataset}/records", params=params)["items"])

    def respond(self, record: str, values: Json, by: str, status: str = "submitted") -> str:
        """A person's response (`values` by question); its id."""
        body = {"status": status, "values": {name: {"value": value} for name, value in values.items()}}
        return str(self.call("POST", f"/records/{record}/responses", by=by, json=body)["id"])

    def edit_response(self, response: str, values: Json, by: str, status: str = "submitted") -> None:
        body = {"status": status, "values": {name: {"value": value} for name, value in values.items()}}
        self.call("PUT", f"/responses/{response}", by=by, json=body)


def label_question(name: str, options: Sequence[str], *, required: bool = True) -> dict[str, Any]:
    """A single-label question, as the API takes it."""
    given = [{"value": option, "text": option} for option in options]
    settings = {"type": "label_selection", "options": given, "visible_options": None}
    return {"name": name, "title": name, "required": required, "settings": settings}


def text_field(name: str, *, required: bool = True) -> dict[str, Any]:
    """A text field, as the API takes it."""
    return {"name": name, "title": name, "required": required, "settings": {"type": "text"}}


@contextmanager
def running_argilla(folder: Path) -> Iterator[ArgillaServer]:
    """A server of one's own on a copy of the template; it ends with the block, or with the test run."""
    home = prepare_argilla()
    folder.mkdir(parents=True, exist_ok=True)
    data = folder / "data"
    shutil.copytree(home / "template", data)
    python = str(home / "venv" / "bin" / "python")
    search_port, port = free_port(), free_port()
    with ExitStack() as stack:
        redis = stack.enter_context(RedisServer(folder))
        stack.enter_context(
            GuardedProcess(
                [sys.executable, str(Path(search_stand_in.__file__)), str(search_port)],
                folder / "search.log",
            )
        )
        environment = child_environment(data) | {
            "ARGILLA_REDIS_URL": redis.url,
            "ARGILLA_ELASTICSEARCH": f"http://127.0.0.1:{search_port}",
        }
        # Nothing of our own environment: `env` is laid over it, so an empty one is made first.
        bare = ["env", "-i", *(f"{name}={value}" for name, value in environment.items())]
        listen = ["--host", "127.0.0.1", "--port", str(port)]
        server = stack.enter_context(
            GuardedProcess(
                [*bare, python, "-m", "uvicorn", "argilla_server:app", *listen], folder / "server.log"
            )
        )
        worker = stack.enter_context(
            GuardedProcess([*bare, python, "-m", "argilla_server", "worker"], folder / "worker.log")
        )
        running = ArgillaServer(
            f"http://127.0.0.1:{port}", f"http://127.0.0.1:{search_port}", redis, worker, data
        )
        stack.callback(running.close)
        _wait_until_ready(running, server)
        yield running


def _wait_until_ready(running: ArgillaServer, server: GuardedProcess) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline and server.running:
        try:
            if running.request("GET", "/me").is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(_POLL_INTERVAL_S)
    raise AssertionError(f"Argilla did not start:\n{server.output[-3000:]}")
