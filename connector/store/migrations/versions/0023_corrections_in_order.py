"""The oldest corrections of a project are read without sorting all of them."""

from __future__ import annotations

from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.drop_index("ix_corrections_project_id_created_at", "corrections")
    op.create_index("ix_corrections_created", "corrections", ["project_id", "created_at", "id"])
