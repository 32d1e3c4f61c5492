"""Bring the database to this version's schema, or say why it cannot be."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from connector.errors import Misconfigured, Retryable

MIGRATION_LOCK = 7_035_118_021  # any constant number: the same in every process, on PostgreSQL


def upgrade(engine: Engine) -> None:
    """Run the migrations that are missing. Several processes may call it at once.

    Misconfigured for a database that a newer version has written; Retryable when it does not answer.
    """
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
            if is_current(connection):
                return
            command.upgrade(_config(connection), "head")
    except DBAPIError as error:
        reason = str(error.orig).splitlines()[0] if error.orig else "no reason given"
        if "unable to open database file" in reason or "readonly" in reason:
            raise Misconfigured(
                f"the database file cannot be opened for writing ({reason})",
                field="database.url",
                remedy="Check the folder's existence, its permissions and free space.",
            ) from error
        msg = f"the database did not answer: {reason}"
        raise Retryable(msg) from error


def is_current(connection: Connection) -> bool:
    """Whether the schema is this version's. Misconfigured when it is a newer one's."""
    found = MigrationContext.configure(connection).get_current_revision()
    script = ScriptDirectory.from_config(_config(connection))
    known = {revision.revision for revision in script.walk_revisions()}
    if found is not None and found not in known:
        raise Misconfigured(
            f"the database was written by a newer version (schema {found})",
            field="database",
            remedy="Install that version of secondlook or a later one; nothing was changed.",
        )
    return found == script.get_current_head()


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config
