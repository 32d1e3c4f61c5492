"""Issues say of which control and of which part of an item they are; a project's schemas are a list."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

ACTIVE = sa.text("state IN ('open', 'in_review', 'suppressed')")
CHOICE = "choice"


def upgrade() -> None:
    with op.batch_alter_table("issues", schema=None) as batch_op:
        batch_op.add_column(sa.Column("control", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("place", sa.Text(), nullable=False, server_default=""))
        batch_op.drop_index("uq_issues_active_item")
        batch_op.create_index(
            "uq_issues_active_item",
            ["item_id", "control", "place"],
            unique=True,
            sqlite_where=ACTIVE,
            postgresql_where=ACTIVE,
        )
    lists_of_schemas()


def lists_of_schemas() -> None:
    """What was the one schema of a project is the first of its list, and a single choice."""
    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT id, label_schema FROM projects")).all()
    for project_id, held in rows:
        # SQLite gives JSON as text, PostgreSQL as what it means.
        schema: Any = json.loads(held) if isinstance(held, str) else held
        if isinstance(schema, dict):
            connection.execute(
                sa.text("UPDATE projects SET label_schema = :listed WHERE id = :id").bindparams(
                    sa.bindparam("listed", type_=sa.JSON())
                ),
                {"listed": [schema | {"kind": CHOICE}], "id": project_id},
            )
