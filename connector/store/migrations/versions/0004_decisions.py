"""Decisions that can be reopened, and where answers other than one label lead."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

CURRENT = sa.text("superseded_at IS NULL")
RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _history_of_decisions()
    _corrections_of_each_decision()
    with op.batch_alter_table("review_tasks", schema=None) as batch_op:
        batch_op.add_column(sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("score", sa.Float(), nullable=True))
    _dispositions()


def _history_of_decisions() -> None:
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("probability", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.drop_constraint(op.f("uq_decisions_issue_id"), type_="unique")
        batch_op.create_index(batch_op.f("ix_decisions_issue_id"), ["issue_id"], unique=False)
        batch_op.create_index(
            "uq_decisions_current",
            ["issue_id"],
            unique=True,
            sqlite_where=CURRENT,
            postgresql_where=CURRENT,
        )


def _corrections_of_each_decision() -> None:
    with op.batch_alter_table("corrections", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("uq_corrections_issue_id"), type_="unique")
        batch_op.create_index(batch_op.f("ix_corrections_issue_id"), ["issue_id"], unique=False)


def _dispositions() -> None:
    op.create_table(
        "dispositions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", RowId, nullable=False),
        sa.Column("issue_id", sa.String(length=36), nullable=False),
        sa.Column("decision_id", sa.String(length=36), nullable=False),
        sa.Column("item_id", RowId, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("problem", sa.String(length=32), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decisions.id"], name=op.f("fk_dispositions_decision_id_decisions")
        ),
        sa.ForeignKeyConstraint(["issue_id"], ["issues.id"], name=op.f("fk_dispositions_issue_id_issues")),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_dispositions_item_id_items")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_dispositions_project_id_projects")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispositions")),
        sa.UniqueConstraint("decision_id", "kind", name=op.f("uq_dispositions_decision_id_kind")),
    )
    with op.batch_alter_table("dispositions", schema=None) as batch_op:
        batch_op.create_index(
            "ix_dispositions_project_id_kind_state", ["project_id", "kind", "state"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_dispositions_issue_id"), ["issue_id"], unique=False)
