"""Alembic's entry point: runs on the connection that `connector.store.migrate` hands over."""

from typing import Any, Literal

from alembic import context

from connector.store.tables import PlainText, UtcDateTime, metadata


def _plain_types(kind: str, value: Any, _context: Any) -> str | Literal[False]:
    """A migration must not change with our code, so it names no class of ours."""
    if kind == "type" and isinstance(value, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(value, PlainText):
        return "sa.Text()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes a table by copying it
    compare_type=True,
    render_item=_plain_types,
)
context.run_migrations()
