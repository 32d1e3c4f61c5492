"""Jobs, and small facts about the installation."""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, Integer, String, Table, text

from connector.store.tables.base import Json, PlainText, Uid, UtcDateTime, metadata, project_column

jobs = Table(
    "jobs",
    metadata,
    Column("id", Uid, primary_key=True),
    project_column(),
    Column("kind", String(16), nullable=False),
    Column("payload", Json, nullable=False),
    Column("key", String(160)),
    Column("lane", String(160)),
    Column("state", String(8), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
    Column("claim", Uid),
    Column("lease_until", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("error", PlainText),
    Column("traceparent", String(55)),  # of what led to it (W3C Trace Context)
    Index("ix_jobs_state_due_at", "state", "due_at"),
    Index("ix_jobs_state_finished_at", "state", "finished_at"),
    Index("ix_jobs_project_id_state", "project_id", "state"),
)

QUEUED = text("state = 'queued' AND key IS NOT NULL")

WAITING_IN_LANE = text("state = 'queued' AND lane IS NOT NULL")

RUNNING_IN_LANE = text("state = 'running' AND lane IS NOT NULL")

Index("uq_jobs_queued_key", jobs.c.key, unique=True, sqlite_where=QUEUED, postgresql_where=QUEUED)

Index(
    "ix_jobs_waiting_lane",
    jobs.c.lane,
    jobs.c.due_at,
    sqlite_where=WAITING_IN_LANE,
    postgresql_where=WAITING_IN_LANE,
)

Index(
    "uq_jobs_running_lane",
    jobs.c.lane,
    unique=True,
    sqlite_where=RUNNING_IN_LANE,
    postgresql_where=RUNNING_IN_LANE,
)

# Small facts about the installation itself, such as the time of the last tick.
facts = Table(
    "facts",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", PlainText, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

# What is counted over restarts and processes: added to in the transaction that ends the work.
tallies = Table(
    "tallies",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("labels", String(255), primary_key=True),
    Column("value", Float, nullable=False),
)
