"""A real Argilla server for tests, with what a test needs to set a scene and to break things."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import httpx

from tests.support.backups import copy_database, put_database_back
from workers.demo import argilla_server
from workers.demo.argilla_home import DATABASE
from workers.demo.argilla_server import ArgillaCallError, RunningArgilla, a_field, label_question

__all__ = ["ArgillaCallError", "ArgillaServer", "label_question", "running_argilla", "text_field"]


@dataclass
class ArgillaServer(RunningArgilla):
    """One running server; every test makes datasets of its own on it."""

    def write_to_database(self, statement: str, values: Sequence[Any]) -> None:
        """What no call brings about any more, such as an answer whose option was removed since."""
        with closing(sqlite3.connect(self.data_dir / DATABASE, timeout=10)) as database, database:
            assert database.execute(statement, values).rowcount == 1, statement

    def backup(self, path: Path) -> Path:
        """A copy of its database as it is now."""
        return copy_database(self.data_dir / DATABASE, path)

    def restore(self, backup: Path) -> None:
        """Its database goes back to that copy; the server runs on."""
        put_database_back(backup, self.data_dir / DATABASE)

    @contextmanager
    def without_search(self) -> Iterator[None]:
        """The search engine answers every call with an error, so the server stores and then fails."""
        httpx.put(f"{self.search_url}/_failing", trust_env=False).raise_for_status()
        try:
            yield
        finally:
            httpx.delete(f"{self.search_url}/_failing", trust_env=False).raise_for_status()

    def user_id(self, name: str) -> str:
        return str(self.call("GET", "/me", by=name)["id"])

    def question_id(self, dataset: str, name: str) -> str:
        items = self.call("GET", f"/datasets/{dataset}/questions")["items"]
        return str(next(row["id"] for row in items if row["name"] == name))

    def records(self, dataset: str) -> list[dict[str, Any]]:
        """All records of a small dataset, with responses and suggestions."""
        params = {"limit": 1000, "include": ["responses", "suggestions"]}
        return list(self.call("GET", f"/datasets/{dataset}/records", params=params)["items"])


def text_field(name: str, *, required: bool = True) -> dict[str, Any]:
    """A text field, as the API takes it."""
    return a_field(name, "text", required=required)


@contextmanager
def running_argilla(folder: Path) -> Iterator[ArgillaServer]:
    """A server of one's own; it ends with the block, or with the test run."""
    with argilla_server.running_argilla(folder, print) as running:
        yield ArgillaServer(**{one.name: getattr(running, one.name) for one in fields(running)})
