"""What was written back."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table

from connector.store.tables.base import (
    Json,
    PlainText,
    RemoteId,
    RowId,
    Uid,
    UtcDateTime,
    metadata,
    project_column,
)

corrections = Table(
    "corrections",
    metadata,
    Column("id", Uid, primary_key=True),
    project_column(),
    Column("issue_id", Uid, ForeignKey("issues.id"), nullable=False, index=True),
    Column("decision_id", Uid, ForeignKey("decisions.id"), nullable=False, unique=True),
    Column("run_id", Uid, nullable=False, index=True),
    Column("item_id", RowId, ForeignKey("items.id"), nullable=False, index=True),
    Column("annotation_id", RowId, ForeignKey("annotations.id"), nullable=False),
    Column("mode", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("given", PlainText, nullable=False),
    Column("label", PlainText, nullable=False),
    Column("actor", PlainText, nullable=False),
    Column("evidence", Json, nullable=False),
    Column("remote_id", RemoteId),
    Column("before", Json),
    Column("after", Json),
    Column("error", PlainText),
    Column("others", Integer, nullable=False, server_default="0"),  # annotations that hold what was wrong
    Column("created_at", UtcDateTime, nullable=False),
    Column("applied_at", UtcDateTime),
    Column("reverted_at", UtcDateTime),
    # In the order in which they are read: each tick looks for those of a state, of which there are few.
    Index("ix_corrections_state", "project_id", "state", "created_at", "id"),
    Index("ix_corrections_created", "project_id", "created_at", "id"),
)
