"""What people wrote about labels, what of it stands in the instructions, and the dated reports."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint, text

from connector.store.tables.base import (
    Json,
    PlainText,
    RemoteId,
    Uid,
    UtcDateTime,
    metadata,
    project_column,
)

# `issue_id` is empty where the note answers a question of ours, and `question_id` where it does not.
guideline_notes = Table(
    "guideline_notes",
    metadata,
    Column("id", Uid, primary_key=True),
    project_column(),
    Column("issue_id", Uid, ForeignKey("issues.id")),
    Column("given", PlainText, nullable=False),
    Column("label", PlainText, nullable=False),
    Column("text", PlainText, nullable=False),
    Column("author", RemoteId, nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("question_id", Uid),
    Column("accepted_by", PlainText),
    Column("accepted_at", UtcDateTime),
    Column("published_at", UtcDateTime),
    Column("withdrawn_at", UtcDateTime),
    UniqueConstraint("issue_id", "author"),
    Index("ix_guideline_notes_project_id_state", "project_id", "state"),
)

# What the managed block was, and since when: one row for each time that it changed.
guideline_versions = Table(
    "guideline_versions",
    metadata,
    Column("id", Uid, primary_key=True),
    project_column(),
    Column("number", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("notes", Json, nullable=False),
    Column("change", Json, nullable=False),
    Column("block", PlainText, nullable=False),
    Column("hash", String(64), nullable=False),
    UniqueConstraint("project_id", "number"),
)

# `pair` is a hash of the two labels: a label may be longer than an index takes.
guideline_questions = Table(
    "guideline_questions",
    metadata,
    Column("id", Uid, primary_key=True),
    project_column(),
    Column("pair", String(64), nullable=False),
    Column("first", PlainText, nullable=False),
    Column("second", PlainText, nullable=False),
    Column("state", String(16), nullable=False),
    Column("confused", Integer, nullable=False),
    Column("ambiguous", Integer, nullable=False),
    Column("examples", Json, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("note_id", Uid),
    Column("answered_by", PlainText),
    Column("answered_at", UtcDateTime),
    Column("closed_at", UtcDateTime),
    Index("ix_guideline_questions_project_id_state", "project_id", "state"),
)

STANDING_QUESTION = text("state <> 'closed'")

Index(
    "uq_guideline_questions_pair",
    guideline_questions.c.project_id,
    guideline_questions.c.pair,
    unique=True,
    sqlite_where=STANDING_QUESTION,
    postgresql_where=STANDING_QUESTION,
)

# A row is `wanted` until the scan that it waits for has ended; then it holds the figures.
audits = Table(
    "audits",
    metadata,
    Column("id", Uid, primary_key=True),
    project_column(),
    Column("trigger", String(16), nullable=False),
    Column("reason", PlainText, nullable=False),
    Column("state", String(16), nullable=False),
    Column("wanted_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("headline", PlainText),
    Column("figures", Json),
    Index("ix_audits_project_id_wanted_at", "project_id", "wanted_at"),
)
