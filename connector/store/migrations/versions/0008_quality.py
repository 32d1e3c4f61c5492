"""Fairness, anchoring and stopping."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "quality_figures",
        sa.Column("project_id", ROW_ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("figures", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_quality_figures_project_id_projects")
        ),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_quality_figures")),
    )
    op.create_table(
        "class_releases",
        sa.Column("project_id", ROW_ID, nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_class_releases_project_id_projects")
        ),
        sa.PrimaryKeyConstraint("project_id", "label", name=op.f("pk_class_releases")),
    )
