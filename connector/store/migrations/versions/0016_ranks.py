"""Issues of a project by their rank, whatever their state."""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_index("ix_issues_rank", "issues", ["project_id", "rank", "id"])
