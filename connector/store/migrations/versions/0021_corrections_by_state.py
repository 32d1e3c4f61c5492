"""Corrections of a state are found in the order in which they are read."""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.drop_index("ix_corrections_project_id_state", "corrections")
    op.create_index("ix_corrections_state", "corrections", ["project_id", "state", "created_at", "id"])
