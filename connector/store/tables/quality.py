"""What reviews say of the labels, as last computed; and which classes a person let go on."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, String, Table

from connector.store.tables.base import Json, PlainText, RowId, UtcDateTime, metadata

# Computed where numpy is, shown where it is not.
quality_figures = Table(
    "quality_figures",
    metadata,
    Column("project_id", RowId, ForeignKey("projects.id"), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("figures", Json, nullable=False),
)

# A class whose losses a person has looked at: what came before that moment does not count against it.
class_releases = Table(
    "class_releases",
    metadata,
    Column("project_id", RowId, ForeignKey("projects.id"), primary_key=True),
    Column("label", PlainText, primary_key=True),
    Column("released_at", UtcDateTime, nullable=False),
    Column("released_by", PlainText, nullable=False),
)

# The same figures as they were at the end of each day, so that pages can show how they went.
quality_history = Table(
    "quality_history",
    metadata,
    Column("project_id", RowId, ForeignKey("projects.id"), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("figures", Json, nullable=False),
)
