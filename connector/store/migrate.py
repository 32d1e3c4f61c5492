"""Bring the database to this version's schema, or say why it cannot be."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from connector.errors import Misconfigured
from connector.store.failures import translated

MIGRATION_LOCK = 7_035_118_021  # any constant number: the same in every process, on PostgreSQL


def upgrade(engine: Engine) -> None:
    """Run the migrations that are missing. Several processes may call it at once.

    Misconfigured for a database that a newer version has written; Retryable when it does not answer.
    """
    with translated(), engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        if is_current(connection):
            return
        command.upgrade(_config(connection), "head")


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
