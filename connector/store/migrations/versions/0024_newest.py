"""What changed last on the platform is found without reading all: there a restored backup shows first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    present = sa.text("deleted_at IS NULL")
    op.create_index(
        "ix_items_newest",
        "items",
        ["project_id", "remote_updated_at"],
        sqlite_where=present,
        postgresql_where=present,
    )
    op.add_column("review_tasks", sa.Column("changed_at", sa.DateTime(timezone=True)))
    op.create_index("ix_review_tasks_newest", "review_tasks", ["project_id", "changed_at"])
