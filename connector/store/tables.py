"""The tables, as SQLAlchemy Core. Migrations build them; a test holds both against each other."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """Aware datetimes in UTC on every database; a naive one is a mistake of the caller."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            msg = f"naive datetime {value!r}: give it a time zone"
            raise ValueError(msg)
        return value.astimezone(UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        found: datetime = value
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # PostgreSQL refuses NUL, UTF-8 has no lone surrogates


def storable(text: str | None) -> str | None:
    """The text with what no database stores shown as U+FFFD: one strange character must not stop a sync."""
    return None if text is None else UNSTORABLE.sub("\ufffd", text)


class PlainText(TypeDecorator[str]):
    """Text from outside, of any length and content."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        del dialect
        return storable(value)


# SQLite numbers rows by itself only in INTEGER primary keys.
RowId = BigInteger().with_variant(Integer(), "sqlite")
Uid = String(36)
RemoteId = PlainText()  # a platform's own id: nobody promises how long it is
Json = JSON(none_as_null=True)


def _project() -> Column[int]:
    return Column("project_id", RowId, ForeignKey("projects.id"), nullable=False)


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
    Column("review_remote_id", RemoteId),
    Column("review_link", PlainText),
    Column("review_cursor", PlainText),
    Column("changes_since_scan", Integer, nullable=False, default=0),
    Column("last_sync_at", UtcDateTime),
    Column("last_reconcile_at", UtcDateTime),
    Column("last_scan_at", UtcDateTime),
    Column("last_collect_at", UtcDateTime),
    Column("last_hooks_at", UtcDateTime),
    Column("paused_reason", PlainText),
    UniqueConstraint("platform", "url", "remote_id"),
)

items = Table(
    "items",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    _project(),
    Column("remote_id", RemoteId, nullable=False),
    Column("remote_created_at", UtcDateTime, nullable=False),
    Column("remote_updated_at", UtcDateTime, nullable=False),
    Column("data", Json, nullable=False),
    Column("deleted_at", UtcDateTime),
    UniqueConstraint("project_id", "remote_id", "remote_created_at"),
)
Index(
    "ix_items_present",
    items.c.project_id,
    items.c.id,
    sqlite_where=text("deleted_at IS NULL"),
    postgresql_where=text("deleted_at IS NULL"),
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
    _project(),
    Column("role", String(8), nullable=False),
    Column("hints", Json, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("handled_at", UtcDateTime, index=True),
)
Index(
    "ix_deliveries_waiting",
    deliveries.c.project_id,
    deliveries.c.received_at,
    sqlite_where=text("handled_at IS NULL"),
    postgresql_where=text("handled_at IS NULL"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Uid, primary_key=True),
    _project(),
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

scans = Table(
    "scans",
    metadata,
    Column("id", Uid, primary_key=True),
    _project(),
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
    _project(),
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

review_tasks = Table(
    "review_tasks",
    metadata,
    Column("key", Uid, primary_key=True),
    Column("issue_id", Uid, ForeignKey("issues.id"), nullable=False, unique=True),
    _project(),
    Column("state", String(16), nullable=False),
    Column("remote_id", RemoteId),
    Column("batch", Uid),
    Column("blind", Boolean, nullable=False),
    Column("overlap", Integer, nullable=False),
    Column("overlap_pushed", Integer, nullable=False),
    Column("request", Json, nullable=False),
    Column("undecided_change", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("pushed_at", UtcDateTime),
    Index("ix_review_tasks_project_id_state", "project_id", "state"),
    Index("ix_review_tasks_batch", "batch"),
)
UNDECIDED = text("undecided_change")
Index(
    "ix_review_tasks_undecided",
    review_tasks.c.project_id,
    review_tasks.c.created_at,
    sqlite_where=UNDECIDED,
    postgresql_where=UNDECIDED,
)

votes = Table(
    "votes",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("review_key", Uid, ForeignKey("review_tasks.key"), nullable=False),
    Column("remote_id", RemoteId, nullable=False),
    Column("reviewer", RemoteId, nullable=False),
    Column("label", PlainText),
    Column("problems", Json, nullable=False),
    Column("note", PlainText),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("blind", Boolean, nullable=False),
    Column("origin", PlainText),
    Column("counted", Boolean, nullable=False),
    Column("reason", PlainText),
    Column("withdrawn", Boolean, nullable=False),
    UniqueConstraint("review_key", "remote_id"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", Uid, primary_key=True),
    Column("issue_id", Uid, ForeignKey("issues.id"), nullable=False, unique=True),
    Column("outcome", String(16), nullable=False),
    Column("label", PlainText),
    Column("reason", PlainText, nullable=False),
    Column("votes", Json, nullable=False),
    Column("decided_at", UtcDateTime, nullable=False),
)

corrections = Table(
    "corrections",
    metadata,
    Column("id", Uid, primary_key=True),
    _project(),
    Column("issue_id", Uid, ForeignKey("issues.id"), nullable=False, unique=True),
    Column("decision_id", Uid, ForeignKey("decisions.id"), nullable=False, unique=True),
    Column("run_id", Uid, nullable=False, index=True),
    Column("item_id", RowId, ForeignKey("items.id"), nullable=False),
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
    Column("created_at", UtcDateTime, nullable=False),
    Column("applied_at", UtcDateTime),
    Column("reverted_at", UtcDateTime),
    Index("ix_corrections_project_id_state", "project_id", "state"),
)

guideline_notes = Table(
    "guideline_notes",
    metadata,
    Column("id", Uid, primary_key=True),
    _project(),
    Column("issue_id", Uid, ForeignKey("issues.id"), nullable=False),
    Column("given", PlainText, nullable=False),
    Column("label", PlainText, nullable=False),
    Column("text", PlainText, nullable=False),
    Column("author", RemoteId, nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("issue_id", "author"),
    Index("ix_guideline_notes_project_id_state", "project_id", "state"),
)

# `detail` is text, not JSON: the hash covers these exact bytes.
audit = Table(
    "audit",
    metadata,
    Column("seq", RowId, primary_key=True, autoincrement=False),
    Column("at", String(32), nullable=False),
    Column("actor", PlainText, nullable=False),
    Column("action", String(64), nullable=False),
    Column("project", String(40)),
    Column("subject", PlainText, nullable=False),
    Column("detail", Text, nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("ix_audit_subject", "subject"),
)

# One row: the end of the chain. It serialises writers and shows rows cut off at the end.
audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", RowId, nullable=False),
    Column("hash", String(64), nullable=False),
)

# Small facts about the installation itself, such as the time of the last tick.
facts = Table(
    "facts",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", PlainText, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)
