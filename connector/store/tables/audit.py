"""The record of every change."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table, Text

from connector.store.tables.base import PlainText, RowId, metadata

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
