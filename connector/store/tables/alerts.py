"""Alerts as they stand, silences, and the messages of both: an outbox."""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, Integer, PrimaryKeyConstraint, String, Table

from connector.store.tables.base import Json, PlainText, Uid, UtcDateTime, metadata

alerts = Table(
    "alerts",
    metadata,
    Column("rule", String(32), nullable=False),
    Column("project", String(40), nullable=False),  # empty: of the service itself
    Column("subject", String(80), nullable=False),
    Column("phase", String(16), nullable=False),
    Column("value", Float, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("calm_since", UtcDateTime),
    Column("resolved_at", UtcDateTime),
    Column("notified_at", UtcDateTime),
    Column("acknowledged_by", PlainText),
    PrimaryKeyConstraint("rule", "project", "subject"),
)

alert_silences = Table(
    "alert_silences",
    metadata,
    Column("id", Uid, primary_key=True),
    Column("rule", String(32), nullable=False),
    Column("project", String(40), nullable=False),  # empty: everywhere
    Column("until", UtcDateTime, nullable=False),
    Column("by", PlainText, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

alert_messages = Table(
    "alert_messages",
    metadata,
    Column("id", Uid, primary_key=True),
    Column("channel", String(40), nullable=False),
    Column("project", String(40), nullable=False),
    Column("topic", String(32), nullable=False),
    Column("notices", Json, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("attempts", Integer, nullable=False),  # from the first on, what it says is fixed
    Column("claim", Uid),
    Column("claimed_until", UtcDateTime),
    Column("sent_at", UtcDateTime),
    Column("given_up_at", UtcDateTime),
    Column("error", PlainText),
    Index("ix_alert_messages_channel_due_at", "channel", "due_at"),
    Index("ix_alert_messages_created_at", "created_at"),
)
