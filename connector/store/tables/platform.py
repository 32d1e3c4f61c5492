"""What the platforms hold, as last seen."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    text,
)

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

projects = Table(
    "projects",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("name", String(40), nullable=False, unique=True),
    Column("platform", String(32), nullable=False),
    Column("url", PlainText, nullable=False),
    Column("remote_id", RemoteId, nullable=False),
    Column("title", PlainText),
    Column("label_schema", Json),
    Column("service_user", RemoteId),
    Column("source_cursor", PlainText),
    Column("desk", PlainText),
    Column("review_remote_id", RemoteId),
    Column("review_link", PlainText),
    Column("review_cursor", PlainText),
    Column("changes_since_scan", Integer, nullable=False, default=0),
    Column("label_seq", BigInteger, nullable=False, server_default="0"),
    Column("last_sync_at", UtcDateTime),
    Column("last_reconcile_at", UtcDateTime),
    Column("last_scan_at", UtcDateTime),
    Column("last_collect_at", UtcDateTime),
    Column("last_hooks_at", UtcDateTime),
    Column("paused_reason", PlainText),
    Index("ix_projects_remote", "platform", "url", "remote_id"),  # not unique: each judged control has a row
)

items = Table(
    "items",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    project_column(),
    Column("remote_id", RemoteId, nullable=False),
    Column("remote_created_at", UtcDateTime, nullable=False),
    Column("remote_updated_at", UtcDateTime, nullable=False),
    Column("data", Json, nullable=False),
    Column("deleted_at", UtcDateTime),
    UniqueConstraint("project_id", "remote_id", "remote_created_at"),
)

PRESENT = text("deleted_at IS NULL")

Index(
    "ix_items_present",
    items.c.project_id,
    items.c.id,
    sqlite_where=PRESENT,
    postgresql_where=PRESENT,
)

Index(
    "ix_items_newest",
    items.c.project_id,
    items.c.remote_updated_at,
    sqlite_where=PRESENT,
    postgresql_where=PRESENT,
)

annotation_rows = Table(
    "annotations",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("item_id", RowId, ForeignKey("items.id"), nullable=False),
    Column("remote_id", RemoteId, nullable=False),
    Column("annotator", RemoteId),
    Column("label", PlainText),
    Column("status", String(16), nullable=False),
    Column("result", Json, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("updated_by", RemoteId),
    Column("ground_truth", Boolean, nullable=False),
    Column("marker", PlainText),
    Column("label_version", Integer, nullable=False),
    Column("deleted_at", UtcDateTime),
    UniqueConstraint("item_id", "remote_id"),
    Index("ix_annotations_remote_id", "remote_id"),  # a webhook names annotations, not items
    Index("ix_annotations_annotator", "annotator", "item_id"),  # labels of a person, from any item on
)

predictions = Table(
    "predictions",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("item_id", RowId, ForeignKey("items.id"), nullable=False),
    Column("remote_id", RemoteId, nullable=False),
    Column("model_version", PlainText, nullable=False),
    Column("label", PlainText),
    Column("score", Float),
    Column("class_scores", Json),
    Column("updated_at", UtcDateTime, nullable=False),
    UniqueConstraint("item_id", "remote_id"),
)

annotators = Table(
    "annotators",
    metadata,
    Column("project_id", RowId, ForeignKey("projects.id"), primary_key=True),
    Column("remote_id", RemoteId, primary_key=True),
    Column("name", PlainText, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Uid, primary_key=True),
    project_column(),
    Column("role", String(8), nullable=False),
    Column("event", String(64)),  # the same of a delivery that was made before; NULL where none is known
    Column("hints", Json, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("handled_at", UtcDateTime, index=True),
    UniqueConstraint("project_id", "role", "event"),
)

Index(
    "ix_deliveries_waiting",
    deliveries.c.project_id,
    deliveries.c.received_at,
    sqlite_where=text("handled_at IS NULL"),
    postgresql_where=text("handled_at IS NULL"),
)
