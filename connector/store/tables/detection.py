"""What scans found, and what detection keeps between them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    false,
    func,
    literal_column,
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

scans = Table(
    "scans",
    metadata,
    Column("id", Uid, primary_key=True),
    project_column(),
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
    project_column(),
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
    Column("control", PlainText, nullable=False, server_default=""),  # empty: the project's first
    Column("place", PlainText, nullable=False, server_default=""),  # empty: the whole item
    Index("ix_issues_project_id_state_rank", "project_id", "state", "rank"),
    Column("annotator", RemoteId),  # who gave the label, for lists by person
    Index("ix_issues_item_id", "item_id"),
    Index("ix_issues_rank", "project_id", "rank", "id"),
    Index("ix_issues_project_id_kind_state", "project_id", "kind", "state"),  # to count without reading rows
    Index("ix_issues_annotator", "project_id", "annotator", "kind", "state"),
)

# PostgreSQL indexes no row of more than 2,704 bytes, and the label of a span holds its words.
MOST_PAIR_CHARS = 500  # of both labels
# As a parameter it would hide which index a query can use.
_MOST: ColumnElement[int] = literal_column(str(MOST_PAIR_CHARS))
HAS_SHORT_PAIR = func.length(issues.c.given) + func.length(issues.c.suggested) <= _MOST
HAS_LONG_PAIR = func.length(issues.c.given) + func.length(issues.c.suggested) > _MOST

Index(
    "ix_issues_short_pair",
    *(issues.c[name] for name in ("project_id", "given", "suggested", "kind", "state")),
    sqlite_where=HAS_SHORT_PAIR,
    postgresql_where=HAS_SHORT_PAIR,
)
Index(
    "ix_issues_long_pair",
    *(issues.c[name] for name in ("project_id", "kind", "state")),
    sqlite_where=HAS_LONG_PAIR,
    postgresql_where=HAS_LONG_PAIR,
)

ACTIVE_ISSUE = text("state IN ('open', 'in_review', 'suppressed')")

Index(
    "uq_issues_active_item",
    issues.c.item_id,
    issues.c.control,
    issues.c.place,
    unique=True,
    sqlite_where=ACTIVE_ISSUE,
    postgresql_where=ACTIVE_ISSUE,
)

# Large content under a name, in parts that a database driver can hold at once.
blobs = Table(
    "blobs",
    metadata,
    project_column(),
    Column("name", String(160), nullable=False),
    Column("part", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("project_id", "name", "part"),
)

# The journal of changes that detection has to take in, in the order of their commits.
label_events = Table(
    "label_events",
    metadata,
    project_column(),
    Column("seq", BigInteger, nullable=False),
    Column("item_id", RowId, nullable=False),
    PrimaryKeyConstraint("project_id", "seq"),
)

# What the saved state of a project's detection stands for; its content is a blob.
label_states = Table(
    "label_states",
    metadata,
    Column("project_id", RowId, ForeignKey("projects.id"), primary_key=True, autoincrement=False),
    Column("scan_id", Uid, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("blob", String(160)),
    Column("saved_at", UtcDateTime, nullable=False),
)

# A scan that several workers share, while it runs: one at a time for a project.
sharded_scans = Table(
    "sharded_scans",
    metadata,
    Column("id", Uid, primary_key=True),
    Column("project_id", RowId, ForeignKey("projects.id"), nullable=False, unique=True),
    Column("plan", Json, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
)

# Its parts, each a range of items; what a part has read is a blob.
scan_shards = Table(
    "scan_shards",
    metadata,
    Column("scan_id", Uid, ForeignKey("sharded_scans.id"), nullable=False),
    Column("shard", Integer, nullable=False),
    Column("first_item", RowId, nullable=False),
    Column("last_item", RowId, nullable=False),
    Column("done", Boolean, nullable=False, server_default=false()),
    PrimaryKeyConstraint("scan_id", "shard"),
)
