"""A running server's SQLite database, copied and put back as an administrator does."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

_PATIENCE_S = 10.0


def copy_database(running: Path, to: Path) -> Path:
    """A copy of it as it is now."""
    _copy(running, to)
    return to


def put_database_back(backup: Path, running: Path) -> None:
    """Put it back to that copy; the server runs on."""
    _copy(backup, running)


def _copy(one: Path, other: Path) -> None:
    with (
        closing(sqlite3.connect(one, timeout=_PATIENCE_S)) as source,
        closing(sqlite3.connect(other, timeout=_PATIENCE_S)) as target,
    ):
        source.backup(target)
