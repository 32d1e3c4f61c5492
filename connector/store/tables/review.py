"""What reviewers were asked and answered, and what was decided."""

from __future__ import annotations

from sqlalchemy import (
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

review_tasks = Table(
    "review_tasks",
    metadata,
    Column("key", Uid, primary_key=True),
    Column("issue_id", Uid, ForeignKey("issues.id"), nullable=False, unique=True),
    project_column(),
    Column("state", String(16), nullable=False),
    Column("remote_id", RemoteId),
    Column("batch", Uid),
    Column("doubles", Json),  # remote ids of further tasks that ask the same, where a request arrived twice
    Column("blind", Boolean, nullable=False),
    Column("overlap", Integer, nullable=False),
    Column("overlap_pushed", Integer, nullable=False),
    Column("request", Json, nullable=False),
    Column("undecided_change", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("pushed_at", UtcDateTime),
    Column("asked_at", UtcDateTime),  # when the question was last put: the deadline runs from here
    Column("escalated_at", UtcDateTime),  # since when an adjudicator's answer is wanted
    Column("score", Float),  # of a question that wants an extra vote: lowest where it is worth most
    Column("changed_at", UtcDateTime),  # on the platform, as its answers were read last
    Index("ix_review_tasks_newest", "project_id", "changed_at"),
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
    Index("ix_votes_created_at", "created_at", "withdrawn", "counted"),  # as decisions
)

# Several for an issue, of which one is current: a decision that its votes do not bear any more is kept.
decisions = Table(
    "decisions",
    metadata,
    Column("id", Uid, primary_key=True),
    Column("issue_id", Uid, ForeignKey("issues.id"), nullable=False, index=True),
    Column("outcome", String(16), nullable=False),
    Column("label", PlainText),
    Column("reason", PlainText, nullable=False),
    Column("votes", Json, nullable=False),
    Column("probability", Float),
    Column("decided_at", UtcDateTime, nullable=False),
    Column("superseded_at", UtcDateTime),
    # What was decided lately; and all that is counted, without reading rows.
    Index("ix_decisions_decided_at", "decided_at", "issue_id", "outcome"),
)

CURRENT = text("superseded_at IS NULL")

Index(
    "uq_decisions_current",
    decisions.c.issue_id,
    unique=True,
    sqlite_where=CURRENT,
    postgresql_where=CURRENT,
)

# Where answers other than one label lead.
dispositions = Table(
    "dispositions",
    metadata,
    Column("id", Uid, primary_key=True),
    project_column(),
    Column("issue_id", Uid, ForeignKey("issues.id"), nullable=False, index=True),
    Column("decision_id", Uid, ForeignKey("decisions.id"), nullable=False),
    Column("item_id", RowId, ForeignKey("items.id"), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("problem", String(32), nullable=False),
    Column("labels", Json, nullable=False),
    Column("state", String(16), nullable=False),
    Column("decided_at", UtcDateTime, nullable=False),
    UniqueConstraint("decision_id", "kind"),
    Index("ix_dispositions_project_id_kind_state", "project_id", "kind", "state"),
)
