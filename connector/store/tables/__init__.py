"""The tables, as SQLAlchemy Core. Migrations build them; a test holds both against each other."""

from __future__ import annotations

from connector.store.tables.access import (
    access_tokens,
    request_keys,
    saved_views,
    sessions,
    sign_in_attempts,
    users,
)
from connector.store.tables.alerts import alert_messages, alert_silences, alerts
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
from connector.store.tables.detection import (
    ACTIVE_ISSUE,
    HAS_LONG_PAIR,
    HAS_SHORT_PAIR,
    MOST_PAIR_CHARS,
    blobs,
    issues,
    label_events,
    label_states,
    scan_shards,
    scans,
    sharded_scans,
)
from connector.store.tables.findings import findings
from connector.store.tables.guidance import (
    STANDING_QUESTION,
    audits,
    guideline_notes,
    guideline_questions,
    guideline_versions,
)
from connector.store.tables.people import golden_items, golden_questions, reviewer_snapshots
from connector.store.tables.platform import (
    annotation_rows,
    annotators,
    deliveries,
    items,
    predictions,
    projects,
)
from connector.store.tables.quality import class_releases, quality_figures, quality_history
from connector.store.tables.review import (
    CURRENT,
    UNDECIDED,
    decisions,
    dispositions,
    review_tasks,
    votes,
)
from connector.store.tables.work import QUEUED, RUNNING_IN_LANE, WAITING_IN_LANE, facts, jobs, tallies
from connector.store.tables.writing import corrections

__all__ = [
    "ACTIVE_ISSUE",
    "CURRENT",
    "HAS_LONG_PAIR",
    "HAS_SHORT_PAIR",
    "MOST_PAIR_CHARS",
    "QUEUED",
    "RUNNING_IN_LANE",
    "STANDING_QUESTION",
    "UNDECIDED",
    "UNSTORABLE",
    "WAITING_IN_LANE",
    "Json",
    "PlainText",
    "RemoteId",
    "RowId",
    "Uid",
    "UtcDateTime",
    "access_tokens",
    "alert_messages",
    "alert_silences",
    "alerts",
    "annotation_rows",
    "annotators",
    "audit",
    "audit_head",
    "audits",
    "blobs",
    "class_releases",
    "corrections",
    "decisions",
    "deliveries",
    "dispositions",
    "facts",
    "findings",
    "golden_items",
    "golden_questions",
    "guideline_notes",
    "guideline_questions",
    "guideline_versions",
    "issues",
    "items",
    "jobs",
    "label_events",
    "label_states",
    "metadata",
    "predictions",
    "projects",
    "quality_figures",
    "quality_history",
    "request_keys",
    "review_tasks",
    "reviewer_snapshots",
    "saved_views",
    "scan_shards",
    "scans",
    "sessions",
    "sharded_scans",
    "sign_in_attempts",
    "storable",
    "tallies",
    "users",
    "votes",
]
