"""Issues of a project are counted by kind and state without reading them."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_index("ix_issues_project_id_kind_state", "issues", ["project_id", "kind", "state"])
