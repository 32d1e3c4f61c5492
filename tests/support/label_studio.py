"""A real Label Studio for tests, with the few calls that a test needs to set a scene."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.support.backups import copy_database, put_database_back
from workers.demo.home import DATABASE
from workers.demo.server import (
    RunningLabelStudio,
    User,
    default_cache_dir,
    prepare_label_studio,
    start_label_studio,
)

Json = Mapping[str, Any]


class CallError(AssertionError):
    """Label Studio refused a call by which a test sets its scene."""


@dataclass
class LabelStudioServer:
    """One running server; every test makes projects of its own on it."""

    running: RunningLabelStudio
    _users: dict[str, User] = field(default_factory=dict)
    _access_tokens: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.running.url

    @property
    def token(self) -> str:
        """The administrator's legacy token."""
        return self.running.token

    @property
    def admin_email(self) -> str:
        return self.running.admin_email

    @property
    def admin_password(self) -> str:
        return self.running.admin_password

    def client(self, token: str | None = None) -> httpx.Client:
        """A bare HTTP client, as the administrator or as the owner of the token."""
        return self.running.client(token)

    def call(self, method: str, path: str, token: str | None = None, **arguments: Any) -> Any:
        """One API call; its JSON answer, None for an empty one, CallError for a refusal."""
        with self.client(token) as client:
            response = client.request(method, path, **arguments)
        if not response.is_success:
            raise CallError(f"{method} {path}: {response.status_code} {response.text[:500]}")
        return response.json() if response.content else None

    def new_project(self, title: str, label_config: str, tasks: Sequence[Json] = (), **settings: Any) -> int:
        """A new project holding `tasks` (each bare data, or a dict with `data` and annotations)."""
        body = {"title": title, "label_config": label_config, **settings}
        project_id = int(self.call("POST", "/api/projects/", json=body)["id"])
        if tasks:
            self.import_tasks(project_id, tasks)
        return project_id

    def import_tasks(self, project_id: int, tasks: Sequence[Json]) -> list[int]:
        """Import in one request; the new ids in the order of `tasks`."""
        answer = self.call("POST", f"/api/projects/{project_id}/import?return_task_ids=true", json=[*tasks])
        return [int(task_id) for task_id in answer["task_ids"]]

    def task(self, task_id: int) -> dict[str, Any]:
        """One task with its annotations and predictions."""
        return dict(self.call("GET", f"/api/tasks/{task_id}"))

    def tasks(self, project_id: int) -> list[dict[str, Any]]:
        """All tasks of a small project, in full."""
        query = {"project": project_id, "fields": "all", "page_size": 10_000}
        return list(self.call("GET", "/api/tasks", params=query)["tasks"])

    def annotate(self, task_id: int, result: Sequence[Json], user: User | None = None, **more: Any) -> int:
        """Submit an annotation as a user (the administrator by default); its id."""
        body = {"result": [*result], **more}
        token = user.token if user else None
        return int(self.call("POST", f"/api/tasks/{task_id}/annotations/", token=token, json=body)["id"])

    def backup(self, path: Path) -> Path:
        """A copy of its database as it is now."""
        return copy_database(self.running.data_dir / DATABASE, path)

    def restore(self, backup: Path) -> None:
        """Its database goes back to that copy; the server runs on."""
        put_database_back(backup, self.running.data_dir / DATABASE)

    def export(self, project_id: int) -> list[dict[str, Any]]:
        """The project as Label Studio exports it."""
        return list(self.call("GET", f"/api/projects/{project_id}/export", params={"exportType": "JSON"}))

    def create_user(self, email: str, password: str | None = None) -> User:
        """A new member; a second call with the same address gives the first one's user."""
        if email not in self._users:
            self._users[email] = self.running.create_user(email, password)
        return self._users[email]

    def access_token(self, user: User | None = None) -> str:
        """A personal access token (it must be refreshed before use), of the administrator by default."""
        token = user.token if user else self.token
        if token not in self._access_tokens:  # the server gives each user one, and shows it once
            self._access_tokens[token] = self.running.create_access_token(token)
        return self._access_tokens[token]


def choice(label: str, control: str = "label", to_name: str = "text") -> dict[str, Any]:
    """A result item: one choice."""
    return {"type": "choices", "from_name": control, "to_name": to_name, "value": {"choices": [label]}}


@contextmanager
def running_label_studio(data_dir: Path, **options: Any) -> Iterator[LabelStudioServer]:
    """A server of one's own, for tests that stop, kill or misconfigure it.

    `options` are those of `workers.demo.server.start_label_studio`. Entered again with the same
    `data_dir`, it goes on with the data it had.
    """
    home = prepare_label_studio(default_cache_dir(), print)
    with start_label_studio(home, data_dir, **options) as running:
        yield LabelStudioServer(running)
