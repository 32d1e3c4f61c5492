"""Guidelines with versions, audits with reports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

MOMENT = sa.DateTime(timezone=True)
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STANDING_QUESTION = sa.text("state <> 'closed'")


def _project(table: str) -> list[sa.Column[int] | sa.ForeignKeyConstraint]:
    return [
        sa.Column("project_id", ROW_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f(f"fk_{table}_project_id_projects")
        ),
    ]


def upgrade() -> None:
    with op.batch_alter_table("guideline_notes", schema=None) as batch_op:
        batch_op.alter_column("issue_id", existing_type=sa.String(length=36), nullable=True)
        batch_op.add_column(sa.Column("question_id", sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column("accepted_by", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("accepted_at", MOMENT, nullable=True))
        batch_op.add_column(sa.Column("published_at", MOMENT, nullable=True))
        batch_op.add_column(sa.Column("withdrawn_at", MOMENT, nullable=True))

    with op.batch_alter_table("corrections", schema=None) as batch_op:
        batch_op.create_index(
            "ix_corrections_project_id_created_at", ["project_id", "created_at"], unique=False
        )

    op.create_table(
        "guideline_versions",
        sa.Column("id", sa.String(length=36), nullable=False),
        *_project("guideline_versions"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("notes", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("change", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("block", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guideline_versions")),
        sa.UniqueConstraint("project_id", "number", name=op.f("uq_guideline_versions_project_id_number")),
    )
    op.create_table(
        "guideline_questions",
        sa.Column("id", sa.String(length=36), nullable=False),
        *_project("guideline_questions"),
        sa.Column("pair", sa.String(length=64), nullable=False),
        sa.Column("first", sa.Text(), nullable=False),
        sa.Column("second", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("confused", sa.Integer(), nullable=False),
        sa.Column("ambiguous", sa.Integer(), nullable=False),
        sa.Column("examples", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("note_id", sa.String(length=36), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guideline_questions")),
    )
    with op.batch_alter_table("guideline_questions", schema=None) as batch_op:
        batch_op.create_index(
            "ix_guideline_questions_project_id_state", ["project_id", "state"], unique=False
        )
        batch_op.create_index(
            "uq_guideline_questions_pair",
            ["project_id", "pair"],
            unique=True,
            sqlite_where=STANDING_QUESTION,
            postgresql_where=STANDING_QUESTION,
        )
    op.create_table(
        "audits",
        sa.Column("id", sa.String(length=36), nullable=False),
        *_project("audits"),
        sa.Column("trigger", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("wanted_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("headline", sa.Text(), nullable=True),
        sa.Column("figures", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audits")),
    )
    with op.batch_alter_table("audits", schema=None) as batch_op:
        batch_op.create_index("ix_audits_project_id_wanted_at", ["project_id", "wanted_at"], unique=False)
