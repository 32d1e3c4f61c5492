"""What detection keeps between scans."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("projects") as projects:
        projects.add_column(sa.Column("label_seq", sa.BigInteger(), server_default="0", nullable=False))
    op.create_table(
        "blobs",
        _project(),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        _of_project("blobs"),
        sa.PrimaryKeyConstraint("project_id", "name", "part", name=op.f("pk_blobs")),
    )
    op.create_table(
        "label_events",
        _project(),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("item_id", ROW_ID, nullable=False),
        _of_project("label_events"),
        sa.PrimaryKeyConstraint("project_id", "seq", name=op.f("pk_label_events")),
    )
    op.create_table(
        "label_states",
        sa.Column("project_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("scan_id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("blob", sa.String(length=160), nullable=True),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        _of_project("label_states"),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_label_states")),
    )
    op.create_table(
        "sharded_scans",
        sa.Column("id", sa.String(length=36), nullable=False),
        _project(),
        sa.Column("pass", sa.Integer(), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        _of_project("sharded_scans"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sharded_scans")),
        sa.UniqueConstraint("project_id", name=op.f("uq_sharded_scans_project_id")),
    )
    op.create_table(
        "scan_shards",
        sa.Column("scan_id", sa.String(length=36), nullable=False),
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.Column("first_item", ROW_ID, nullable=False),
        sa.Column("last_item", ROW_ID, nullable=False),
        sa.Column("done_pass", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["scan_id"], ["sharded_scans.id"], name=op.f("fk_scan_shards_scan_id_sharded_scans")
        ),
        sa.PrimaryKeyConstraint("scan_id", "shard", name=op.f("pk_scan_shards")),
    )


def _project() -> sa.Column[int]:
    return sa.Column("project_id", ROW_ID, nullable=False)


def _of_project(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["project_id"], ["projects.id"], name=op.f(f"fk_{table}_project_id_projects")
    )
