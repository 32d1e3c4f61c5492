"""What the last scan of each project found besides suspicious labels."""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, String, Table

from connector.store.tables.base import Json, PlainText, RowId, Uid, UtcDateTime, metadata, project_column

findings = Table(
    "findings",
    metadata,
    Column("id", Uid, primary_key=True),
    project_column(),
    Column("scan_id", Uid, nullable=False),
    Column("kind", String(24), nullable=False),
    Column("rank", Integer, nullable=False),  # in the project's list
    Column("item_id", RowId, ForeignKey("items.id")),
    Column("subject", PlainText, nullable=False),
    Column("score", Float, nullable=False),
    Column("facts", Json, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_findings_project_id_rank", "project_id", "rank"),
    Index("ix_findings_project_id_kind_rank", "project_id", "kind", "rank"),
    Index("ix_findings_item_id", "item_id"),
)
