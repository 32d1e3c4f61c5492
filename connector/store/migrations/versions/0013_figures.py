"""Tallies, how the figures of quality went, who gave an issue's label, and an index for lists by person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "tallies",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("labels", sa.String(length=255), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", "labels", name=op.f("pk_tallies")),
    )
    op.create_table(
        "quality_history",
        sa.Column("project_id", ROW_ID, nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("figures", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_quality_history_project_id_projects")
        ),
        sa.PrimaryKeyConstraint("project_id", "day", name=op.f("pk_quality_history")),
    )
    op.add_column("issues", sa.Column("annotator", sa.Text(), nullable=True))
    op.execute(
        "UPDATE issues SET annotator = "
        "(SELECT annotations.annotator FROM annotations WHERE annotations.id = issues.annotation_id)"
    )
    op.create_index("ix_issues_annotator", "issues", ["project_id", "annotator", "state"])
