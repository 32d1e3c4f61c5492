"""A real, unmodified Argilla server with its worker and Redis; its search engine is a stand-in in memory."""

from __future__ import annotations

import secrets
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

from workers.demo import search_stand_in
from workers.demo.argilla_home import DATABASE, PEOPLE, WORKSPACE, child_environment, prepare_argilla
from workers.demo.guarded import GuardedProcess
from workers.demo.home import Progress, ServerError
from workers.demo.redis_server import RedisServer
from workers.demo.server import free_port

_START_TIMEOUT_S = 180.0
_POLL_INTERVAL_S = 0.1
_REQUEST_TIMEOUT_S = 120.0
_LOG_CHARS = 3000

Json = Mapping[str, Any]


class ArgillaCallError(ServerError):
    """Argilla refused a call."""


@dataclass
class RunningArgilla:
    """A server that answers, and the keys of its people."""

    url: str
    search_url: str
    redis: RedisServer
    worker: GuardedProcess
    data_dir: Path
    keys: dict[str, str] = field(repr=False)
    _clients: dict[str, httpx.Client] = field(default_factory=dict, repr=False)

    def key(self, name: str) -> str:
        """The API key of one of the people; a wrong one for anybody else."""
        return self.keys.get(name, f"{name}.apikey")

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

    def create_annotator(self, name: str, password: str) -> str:
        """A member of the workspace; the new user's id."""
        body = {"first_name": name, "username": name, "role": "annotator", "password": password}
        created = self.call("POST", "/users", json=body)
        self.keys[name] = str(created["api_key"])
        self.call("POST", f"/workspaces/{self.workspace()}/users", json={"user_id": created["id"]})
        return str(created["id"])

    def workspace(self) -> str:
        """The id of the workspace that all people are members of."""
        items = self.call("GET", "/me/workspaces")["items"]
        return str(next(row["id"] for row in items if row["name"] == WORKSPACE))

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

    def add_records(self, dataset: str, records: Sequence[Json]) -> list[str]:
        """Add in one call; the new ids in the order of `records`."""
        answer = self.call("PUT", f"/datasets/{dataset}/records/bulk", json={"items": [*records]})
        return [str(row["id"]) for row in answer["items"]]

    def pending(self, dataset: str, by: str) -> list[dict[str, Any]]:
        """The beginning of a person's queue, as the page asks for it."""
        wanted = [
            {"type": "terms", "scope": {"entity": entity, "property": "status"}, "values": ["pending"]}
            for entity in ("response", "record")
        ]
        body = {"filters": {"type": "and", "and": wanted}}
        answer = self.call("POST", f"/me/datasets/{dataset}/records/search", by=by, json=body)
        return [row["record"] for row in answer["items"]]

    def respond(self, record: str, values: Json, by: str, status: str = "submitted") -> str:
        """A person's response (`values` by question); its id."""
        body = {"status": status, "values": {name: {"value": value} for name, value in values.items()}}
        return str(self.call("POST", f"/records/{record}/responses", by=by, json=body)["id"])

    def close(self) -> None:
        for client in self._clients.values():
            client.close()


@contextmanager
def running_argilla(folder: Path, on_progress: Progress | None = None) -> Iterator[RunningArgilla]:
    """A server of one's own on a copy of the template; it ends with the block, or with this process."""
    home = prepare_argilla(on_progress=on_progress)
    folder.mkdir(parents=True, exist_ok=True)
    data = folder / "data"
    shutil.copytree(home / "template", data)
    python = str(home / "venv" / "bin" / "python")
    search_port, port = free_port(), free_port()
    with ExitStack() as stack:
        redis = stack.enter_context(RedisServer(folder))
        stand_in = [sys.executable, str(Path(search_stand_in.__file__)), str(search_port)]
        stack.enter_context(GuardedProcess(stand_in, folder / "search.log"))
        environment = child_environment(data) | {
            "ARGILLA_REDIS_URL": redis.url,
            "ARGILLA_ELASTICSEARCH": f"http://127.0.0.1:{search_port}",
        }
        # Nothing of our own environment: `env` is laid over it, so an empty one is made first.
        bare = ["env", "-i", *(f"{name}={value}" for name, value in environment.items())]
        serve = [*bare, python, "-m", "uvicorn", "argilla_server:app", "--host", "127.0.0.1"]
        keys = _own_keys(data / DATABASE)
        server = stack.enter_context(GuardedProcess([*serve, "--port", str(port)], folder / "server.log"))
        worker = stack.enter_context(
            GuardedProcess([*bare, python, "-m", "argilla_server", "worker"], folder / "worker.log")
        )
        running = RunningArgilla(
            f"http://127.0.0.1:{port}", f"http://127.0.0.1:{search_port}", redis, worker, data, keys
        )
        stack.callback(running.close)
        _wait_until_ready(running, server)
        yield running


def _own_keys(database: Path) -> dict[str, str]:
    """Keys that only this copy of the template has."""
    keys = {name: secrets.token_urlsafe(24) for name in PEOPLE}
    with closing(sqlite3.connect(database)) as opened, opened:
        opened.executemany(
            "UPDATE users SET api_key = ? WHERE username = ?", [(key, name) for name, key in keys.items()]
        )
    return keys


def _wait_until_ready(running: RunningArgilla, server: GuardedProcess) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline and server.running:
        try:
            if running.request("GET", "/me").is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(_POLL_INTERVAL_S)
    raise ServerError(f"Argilla did not start:\n{server.output[-_LOG_CHARS:]}")


def label_question(name: str, options: Sequence[str], *, required: bool = True) -> dict[str, Any]:
    """A single-label question, as the API takes it."""
    given = [{"value": option, "text": option} for option in options]
    settings = {"type": "label_selection", "options": given, "visible_options": None}
    return {"name": name, "title": name, "required": required, "settings": settings}


def a_field(name: str, kind: str, *, required: bool = True) -> dict[str, Any]:
    """A field of this type, as the API takes it."""
    return {"name": name, "title": name, "required": required, "settings": {"type": kind}}
