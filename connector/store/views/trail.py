"""The audit log in pages, the latest row first."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import select

from connector.model import Json
from connector.store.tables import audit
from connector.store.unit_of_work import UnitOfWork
from connector.store.views.paging import Slice
from connector.store.views.secrecy import Sight


@dataclass(frozen=True, slots=True)
class AuditRowView:
    seq: int
    at: str
    actor: str
    action: str
    project: str | None
    subject: str
    detail: Json
    hash: str


def audit_rows(
    unit: UnitOfWork,
    sight: Sight,
    limit: int,
    before: str | None,
    *,
    project: str | None = None,
    actor: str | None = None,
    action: str | None = None,
    subject: str | None = None,
) -> Slice[AuditRowView]:
    """Rows of projects that may be read; those of no project only to who reads all."""
    query = select(audit).order_by(audit.c.seq.desc()).limit(limit + 1)
    if sight.projects is not None:
        query = query.where(audit.c.project.in_(sorted(sight.projects)))
    for column, value in (
        (audit.c.project, project),
        (audit.c.actor, actor),
        (audit.c.action, action),
        (audit.c.subject, subject),
    ):
        if value is not None:
            query = query.where(column == value)
    if before is not None and before.isascii() and before.isdigit() and len(before) < 19:
        query = query.where(audit.c.seq < int(before))
    rows = unit.connection.execute(query).all()
    result = tuple(
        AuditRowView(
            row.seq, row.at, row.actor, row.action, row.project, row.subject, json.loads(row.detail), row.hash
        )
        for row in rows[:limit]
    )
    return Slice(result, str(result[-1].seq) if len(rows) > limit else None)
