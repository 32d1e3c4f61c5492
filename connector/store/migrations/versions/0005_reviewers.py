"""Reviewers: golden items and what is known of people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "golden_items",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("project_id", ROW_ID, nullable=False),
        sa.Column("item_id", ROW_ID, nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.Column("verified_at", MOMENT, nullable=False),
        sa.Column("doubted_at", MOMENT, nullable=True),
        sa.Column("retired_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_golden_items_item_id_items")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_golden_items_project_id_projects")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_golden_items")),
        sa.UniqueConstraint("item_id", name=op.f("uq_golden_items_item_id")),
    )
    op.create_index("ix_golden_items_project_id", "golden_items", ["project_id"], unique=False)
    op.create_table(
        "golden_questions",
        sa.Column("review_key", sa.String(length=36), nullable=False),
        sa.Column("golden_id", ROW_ID, nullable=False),
        sa.Column("beside", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["beside"], ["review_tasks.key"], name=op.f("fk_golden_questions_beside_review_tasks")
        ),
        sa.ForeignKeyConstraint(
            ["golden_id"], ["golden_items.id"], name=op.f("fk_golden_questions_golden_id_golden_items")
        ),
        sa.ForeignKeyConstraint(
            ["review_key"], ["review_tasks.key"], name=op.f("fk_golden_questions_review_key_review_tasks")
        ),
        sa.PrimaryKeyConstraint("review_key", name=op.f("pk_golden_questions")),
        sa.UniqueConstraint("beside", name=op.f("uq_golden_questions_beside")),
    )
    op.create_index("ix_golden_questions_golden_id", "golden_questions", ["golden_id"], unique=False)
    op.create_table(
        "reviewer_snapshots",
        sa.Column("project_id", ROW_ID, nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("mean", sa.Float(), nullable=False),
        sa.Column("low", sa.Float(), nullable=False),
        sa.Column("high", sa.Float(), nullable=False),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.Column("golden", sa.Integer(), nullable=False),
        sa.Column("golden_right", sa.Integer(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("trusted", sa.Boolean(), nullable=False),
        sa.Column("questioned", sa.Integer(), nullable=False),
        sa.Column("upheld", sa.Integer(), nullable=False),
        sa.Column("detail", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_reviewer_snapshots_project_id_projects")
        ),
        sa.PrimaryKeyConstraint("project_id", "day", "person", name=op.f("pk_reviewer_snapshots")),
    )
