"""Golden items, and what is known of the people who review and label."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
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

golden_items = Table(
    "golden_items",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    project_column(),
    Column("item_id", RowId, ForeignKey("items.id"), nullable=False),
    Column("label", PlainText, nullable=False),
    Column("source", String(16), nullable=False),
    Column("added_by", PlainText, nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
    Column(
        "verified_at", UtcDateTime, nullable=False
    ),  # the label was last confirmed by whoever keeps the set
    Column("doubted_at", UtcDateTime),  # most reviewers say otherwise
    Column("retired_at", UtcDateTime),
    UniqueConstraint("item_id"),
    Index("ix_golden_items_project_id", "project_id"),
)

# Which review task asks about which golden item, and beside which ordinary task it was put.
golden_questions = Table(
    "golden_questions",
    metadata,
    Column("review_key", Uid, ForeignKey("review_tasks.key"), primary_key=True),
    Column("golden_id", RowId, ForeignKey("golden_items.id"), nullable=False),
    Column("beside", Uid, ForeignKey("review_tasks.key"), nullable=False, unique=True),
    Index("ix_golden_questions_golden_id", "golden_id"),
)

# What was known of each person at the end of each day; the latest row is what holds.
reviewer_snapshots = Table(
    "reviewer_snapshots",
    metadata,
    project_column(),
    Column("day", String(10), nullable=False),
    Column("person", RemoteId, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("mean", Float, nullable=False),
    Column("low", Float, nullable=False),
    Column("high", Float, nullable=False),
    Column("answers", Integer, nullable=False),
    Column("golden", Integer, nullable=False),
    Column("golden_right", Integer, nullable=False),
    Column("weight", Float, nullable=False),
    Column("trusted", Boolean, nullable=False),
    Column("questioned", Integer, nullable=False),  # labels of theirs that reviewers decided about
    Column("upheld", Integer, nullable=False),
    Column("detail", Json, nullable=False),
    PrimaryKeyConstraint("project_id", "day", "person"),
)
