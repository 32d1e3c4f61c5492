"""Bring the database to this version's schema, or say why it cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Connection, Engine, column, exists, inspect, select, table, text

from connector.errors import Misconfigured, Rejected
from connector.store.engine import reading
from connector.store.failures import translated
from connector.store.tables import facts

# Alembic is imported where a migration runs: a database that is current, as nearly always, needs none of it.
if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "alembic_version"
_VERSION = table(VERSION_TABLE, column("version_num")).c.version_num
MIGRATION_LOCK = 7_035_118_021  # any constant number: the same in every process, on PostgreSQL


def fact(engine: Engine, name: str) -> str | None:
    """A fact of the database as it is, whatever its schema; None where it says nothing, or has no tables."""
    with translated(), reading(engine) as connection:
        if not inspect(connection).has_table(facts.name):
            return None
        return connection.scalar(select(facts.c.value).where(facts.c.name == name))


def needs_upgrade(engine: Engine) -> bool:
    """Whether `upgrade` would change the database."""
    with translated(), reading(engine) as connection:
        return not is_current(connection)


def upgrade(engine: Engine) -> None:
    """Run the migrations that are missing. Several processes may call it at once.

    Misconfigured for a database that a newer version has written; Retryable when it does not answer. One that
    is current is only read: where somebody keeps it locked, what only reads goes on.
    """
    if not needs_upgrade(engine):
        return
    with translated(), engine.connect() as connection, _keys_unchecked(connection), connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        if is_current(connection):
            return
        from alembic import command

        command.upgrade(_config(connection), "head")
        _require_whole_keys(connection)


@contextmanager
def _keys_unchecked(connection: Connection) -> Iterator[None]:
    """SQLite changes a table by copying and dropping it: rows that refer to it would forbid that, or go too.

    Only outside of a transaction can it be told not to look.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    cursor = connection.connection.cursor()
    cursor.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()


def _require_whole_keys(connection: Connection) -> None:
    """What was not looked at meanwhile; else the transaction is rolled back."""
    if connection.dialect.name == "sqlite" and connection.execute(text("PRAGMA foreign_key_check")).first():
        msg = "a migration left rows that refer to nothing"
        raise Rejected(msg)


def is_current(connection: Connection) -> bool:
    """Whether the schema is this version's. Misconfigured when it is a newer one's."""
    known = revisions()
    result = schema_of(connection) if inspect(connection).has_table(VERSION_TABLE) else None
    require_known(result)
    return result == known[-1]


def require_known(schema: str | None) -> None:
    """Misconfigured where it is a newer version's: what this one does with its rows would be a guess."""
    if schema is not None and schema not in revisions():
        raise Misconfigured(
            f"the database was written by a newer version (schema {schema})",
            field="database",
            remedy="Install that version of secondlook or a later one, and start it; nothing was changed.",
        )


def schema_of(connection: Connection) -> str | None:
    """The schema of a database that has tables."""
    return connection.scalar(select(_VERSION))


def has_known_schema() -> ColumnElement[bool]:
    """A condition: the database is still of a schema that this version knows."""
    return exists(select(_VERSION).where(_VERSION.in_(revisions())))


@cache
def revisions() -> tuple[str, ...]:
    """This version's revisions in order: migrations are named by number, and follow each other.

    As they were when they were first asked for: a newer version may be installed over a process that runs.
    """
    files = (MIGRATIONS / "versions").glob("[0-9]*_*.py")
    return tuple(sorted(file.name.partition("_")[0] for file in files))


def _config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
