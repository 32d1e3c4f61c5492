"""A project on a platform may stand in several rows: one for each of its controls that is judged."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"

REMOTE = ["platform", "url", "remote_id"]


def upgrade() -> None:
    with op.batch_alter_table("projects", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("uq_projects_platform_url_remote_id"), type_="unique")
        batch_op.create_index("ix_projects_remote", REMOTE, unique=False)
