"""The database's own errors, by what the caller should do next. No SQL and no values in a message."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from connector.errors import Misconfigured, Rejected, Retryable, SecondlookError

_PRIMARY_CODE = 0xFF  # the low byte of a SQLite error code is its kind, the rest a detail
_SQLITE_DOUBLE = (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
_POSTGRES_DOUBLE = "23505"
_POSTGRES_DISK_FULL = "53100"
_POSTGRES_CANCELLED = "57014"
_POSTGRES_NO_TABLE = "42P01"
_POSTGRES_NO_RIGHT = "42501"
POSTGRES_READ_ONLY = "25006"
# libpq names no code for a refused connection, only the server's words.
_POSTGRES_REFUSALS = (
    "authentication failed",
    "no password supplied",
    "does not exist",
    "no pg_hba.conf entry",
)


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the database raises inside the block into an error of ours, with the cause kept."""
    try:
        yield
    except PoolTimeoutError as error:
        msg = "all connections to the database are in use"
        raise Retryable(msg) from error
    except DBAPIError as error:
        raise _translation(error) from error


def _translation(error: DBAPIError) -> SecondlookError:
    if getattr(error.orig, "sqlstate", None) == POSTGRES_READ_ONLY:
        return Retryable("the database takes no writes: it is a standby, or was made read-only")
    if error.connection_invalidated:
        return Retryable("the connection to the database broke")
    code = getattr(error.orig, "sqlite_errorcode", None)
    result = _of_postgres(error) if code is None else _of_sqlite(error, code)
    if result is not None:
        return result
    if isinstance(error, OperationalError):
        return Retryable(f"the database did not answer: {_reason(error)}")
    return _refused(error)


def _refused(error: DBAPIError) -> Rejected:
    return Rejected(f"the database refuses this: {_reason(error)}")


def _of_sqlite(error: DBAPIError, code: int) -> SecondlookError | None:
    reason = _reason(error)
    if code in _SQLITE_DOUBLE:
        return _written_meanwhile()
    match code & _PRIMARY_CODE:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return Retryable(
                "another process keeps the database file locked (a backup, say, or a shell in a transaction)"
            )
        case sqlite3.SQLITE_FULL:
            return _disk_full()
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return Misconfigured(
                f"the database file cannot be opened for writing ({reason})",
                field="database.url",
                remedy="Check the folder's existence, its permissions and free space.",
            )
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return Misconfigured(
                f"the file is damaged or is no SQLite database ({reason})",
                field="database.url",
                remedy="Name the right file, or put a backup in its place.",
            )
        case sqlite3.SQLITE_ERROR:  # a statement that makes no sense to it, now or later
            return _no_tables() if "no such table" in reason else _refused(error)
    return None


def _of_postgres(error: DBAPIError) -> SecondlookError | None:
    state = getattr(error.orig, "sqlstate", None)
    reason = _reason(error)
    if state == _POSTGRES_DOUBLE:
        return _written_meanwhile()
    if state == _POSTGRES_DISK_FULL:
        return _disk_full()
    if state == _POSTGRES_CANCELLED:
        return Retryable(f"PostgreSQL cancelled a statement of ours ({reason})")
    if state == _POSTGRES_NO_TABLE:
        return _no_tables()
    if state == _POSTGRES_NO_RIGHT:
        return Misconfigured(
            f"PostgreSQL refuses us a right ({reason})",
            field="database.url",
            remedy="Make the user of this address the owner of the tables.",
        )
    if state is None and any(words in reason for words in _POSTGRES_REFUSALS):
        return Misconfigured(
            f"PostgreSQL refuses the connection ({reason})",
            field="database.url",
            remedy="Check user, password and the database's name.",
        )
    return None


def _written_meanwhile() -> Retryable:
    return Retryable("another worker wrote the same rows at the same time")


def _disk_full() -> Misconfigured:
    return Misconfigured(
        "the disk of the database is full", field="database", remedy="Free space; work then goes on."
    )


def _no_tables() -> Misconfigured:
    return Misconfigured(
        "the database has no tables yet", field="database", remedy="Run any `secondlook` command once."
    )


def _reason(error: DBAPIError) -> str:
    """The driver's first line. PostgreSQL's further lines (DETAIL) quote values."""
    lines = str(error.orig).splitlines()
    return lines[0] if lines else "no reason given"
