"""The tables, as SQLAlchemy Core. Migrations build them; a test holds both against each other."""

from __future__ import annotations

from connector.store.tables.audit import audit, audit_head
from connector.store.tables.base import (
    UNSTORABLE,
    Json,
    PlainText,
    RemoteId,
    RowId,
    Uid,
    UtcDateTime,
    metadata,
    storable,
)
from connector.store.tables.detection import ACTIVE_ISSUE, issues, scans
from connector.store.tables.platform import (
    annotation_rows,
    annotators,
    deliveries,
    items,
    predictions,
    projects,
)
from connector.store.tables.review import UNDECIDED, decisions, review_tasks, votes
from connector.store.tables.work import QUEUED, RUNNING_IN_LANE, WAITING_IN_LANE, facts, jobs
from connector.store.tables.writing import corrections, guideline_notes

__all__ = [
    "ACTIVE_ISSUE",
    "QUEUED",
    "RUNNING_IN_LANE",
    "UNDECIDED",
    "UNSTORABLE",
    "WAITING_IN_LANE",
    "Json",
    "PlainText",
    "RemoteId",
    "RowId",
    "Uid",
    "UtcDateTime",
    "annotation_rows",
    "annotators",
    "audit",
    "audit_head",
    "corrections",
    "decisions",
    "deliveries",
    "facts",
    "guideline_notes",
    "issues",
    "items",
    "jobs",
    "metadata",
    "predictions",
    "projects",
    "review_tasks",
    "scans",
    "storable",
    "votes",
]
