"""What pages count is found by an index; lists under filters are kept by name; alerts are seen to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.drop_index("ix_issues_annotator", "issues")
    op.create_index("ix_issues_annotator", "issues", ["project_id", "annotator", "kind", "state"])
    op.create_index("ix_decisions_decided_at", "decisions", ["decided_at", "issue_id", "outcome"])
    op.create_index("ix_votes_created_at", "votes", ["created_at", "withdrawn", "counted"])
    op.create_index("ix_annotations_annotator", "annotations", ["annotator", "item_id"])
    op.add_column("alerts", sa.Column("acknowledged_by", sa.Text(), nullable=True))
    op.create_table(
        "saved_views",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", ROW_ID, nullable=False),
        sa.Column("owner", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("page", sa.String(length=40), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_saved_views_project_id_projects")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
        sa.UniqueConstraint("project_id", "owner", "name", name=op.f("uq_saved_views_project_id_owner_name")),
    )
