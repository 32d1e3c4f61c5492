"""What scans found."""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, String, Table, text

from connector.store.tables.base import Json, PlainText, RowId, Uid, UtcDateTime, metadata, project_column

scans = Table(
    "scans",
    metadata,
    Column("id", Uid, primary_key=True),
    project_column(),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime, nullable=False),
    Column("n_items", Integer, nullable=False),
    Column("n_flagged", Integer, nullable=False),
    Column("n_planned", Integer, nullable=False),
    Column("n_suppressed", Integer, nullable=False),
    Column("n_controls", Integer, nullable=False),
    Column("method", String(32), nullable=False),
    Column("model_version", PlainText, nullable=False),
    Column("skipped", Json, nullable=False),
    Column("warnings", Json, nullable=False),
    Column("report", Json, nullable=False),
    Index("ix_scans_project_id_finished_at", "project_id", "finished_at"),
)

issues = Table(
    "issues",
    metadata,
    Column("id", Uid, primary_key=True),
    project_column(),
    Column("item_id", RowId, ForeignKey("items.id"), nullable=False),
    Column("annotation_id", RowId, ForeignKey("annotations.id"), nullable=False),
    Column("label_version", Integer, nullable=False),
    Column("label_updated_at", UtcDateTime, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("given", PlainText, nullable=False),
    Column("suggested", PlainText, nullable=False),
    Column("quality", Float, nullable=False),
    Column("probability", Float, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("method", String(32), nullable=False),
    Column("model_version", PlainText, nullable=False),
    Column("scan_id", Uid, nullable=False),
    Column("evidence", Json, nullable=False),
    Column("reason", PlainText),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Index("ix_issues_project_id_state_rank", "project_id", "state", "rank"),
    Index("ix_issues_item_id", "item_id"),
)

ACTIVE_ISSUE = text("state IN ('open', 'in_review', 'suppressed')")

Index(
    "uq_issues_active_item",
    issues.c.item_id,
    unique=True,
    sqlite_where=ACTIVE_ISSUE,
    postgresql_where=ACTIVE_ISSUE,
)
