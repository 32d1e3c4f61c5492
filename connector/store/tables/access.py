"""Users, their sessions and lists, and tokens of programs. Secrets are stored as hashes alone."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, PrimaryKeyConstraint, String, Table, UniqueConstraint

from connector.store.tables.base import Json, PlainText, Uid, UtcDateTime, metadata, project_column

users = Table(
    "users",
    metadata,
    Column("id", Uid, primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("password", String(255), nullable=False),
    Column("grants", Json, nullable=False),  # project, or "*" → role
    Column("created_at", UtcDateTime, nullable=False),
    Column("disabled_at", UtcDateTime),
)

sessions = Table(
    "sessions",
    metadata,
    Column("hash", String(64), primary_key=True),  # SHA-256 of the token in the cookie
    Column("user_id", Uid, ForeignKey("users.id"), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("address", PlainText, nullable=False),
)

access_tokens = Table(
    "access_tokens",
    metadata,
    Column("id", Uid, primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("hash", String(64), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("projects", Json, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", PlainText, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("last_used_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
)

# Sign-ins that failed, or are being tried: too many of an account or from an address have to wait.
sign_in_attempts = Table(
    "sign_in_attempts",
    metadata,
    Column("id", Uid, primary_key=True),
    Column("account", String(80), nullable=False),
    Column("address", String(64), nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
    Index("ix_sign_in_attempts_account", "account"),
)

# Forms that were sent: a second click with the same key does nothing, and is led to the same place.
request_keys = Table(
    "request_keys",
    metadata,
    Column("actor", String(100), nullable=False),
    Column("key", Uid, nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("location", PlainText, nullable=False),
    PrimaryKeyConstraint("actor", "key"),
)

# Lists under filters that people have named.
saved_views = Table(
    "saved_views",
    metadata,
    Column("id", Uid, primary_key=True),
    project_column(),
    Column("owner", String(100), nullable=False),
    Column("name", String(80), nullable=False),
    Column("page", String(40), nullable=False),
    Column("query", PlainText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("project_id", "owner", "name"),
)
