"""Read model of the validation record: every correction with its decision and its rows of the audit log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from connector.model import CorrectionEvidence
from connector.store.repositories.base import chunks
from connector.store.tables import audit, corrections, decisions, items
from connector.store.unit_of_work import UnitOfWork

AT_ONCE = 500  # corrections read at a time, each with its rows of the audit log


@dataclass(frozen=True, slots=True)
class Logged:
    seq: int
    at: str
    actor: str
    action: str
    hash: str


@dataclass(frozen=True, slots=True)
class CorrectedError:
    """One error that reviews found: its correction, whatever became of it."""

    id: str
    issue_id: str
    item: str
    given: str
    label: str
    state: str
    mode: str
    actor: str
    evidence: CorrectionEvidence
    reason: str  # of the decision, as stored
    decided_at: datetime
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    error: str | None
    created_at: datetime
    applied_at: datetime | None
    reverted_at: datetime | None
    audit: tuple[Logged, ...] = ()


def corrected_errors(
    unit: UnitOfWork, project_id: int, since: datetime | None = None
) -> Iterator[CorrectedError]:
    """Each correction once, the oldest first; page by page, so that nothing grows with the project."""
    after: tuple[datetime, str] | None = None
    while True:
        rows = unit.connection.execute(_page(project_id, since, after)).all()
        if not rows:
            return
        logged = _logged(unit, [row.id for row in rows])
        for row in rows:
            values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public accessor
            values["evidence"] = CorrectionEvidence.from_json(row.evidence)
            yield CorrectedError(**values, audit=tuple(logged.get(row.id, ())))
        after = rows[-1].created_at, rows[-1].id


def _page(project_id: int, since: datetime | None, after: tuple[datetime, str] | None) -> Select[Any]:
    created, key = corrections.c.created_at, corrections.c.id
    query = (
        select(
            key,
            corrections.c.issue_id,
            items.c.remote_id.label("item"),
            corrections.c.given,
            corrections.c.label,
            corrections.c.state,
            corrections.c.mode,
            corrections.c.actor,
            corrections.c.evidence,
            decisions.c.reason,
            decisions.c.decided_at,
            corrections.c.before,
            corrections.c.after,
            corrections.c.error,
            created,
            corrections.c.applied_at,
            corrections.c.reverted_at,
        )
        .join(decisions, decisions.c.id == corrections.c.decision_id)
        .join(items, items.c.id == corrections.c.item_id)
        .where(corrections.c.project_id == project_id)
        .order_by(created, key)
        .limit(AT_ONCE)
    )
    if since is not None:
        query = query.where(created >= since)
    if after is not None:
        query = query.where((created > after[0]) | ((created == after[0]) & (key > after[1])))
    return query


def _logged(unit: UnitOfWork, subjects: Sequence[str]) -> dict[str, list[Logged]]:
    """Subject → its rows of the audit log, oldest first."""
    result: dict[str, list[Logged]] = {}
    columns = (audit.c.subject, audit.c.seq, audit.c.at, audit.c.actor, audit.c.action, audit.c.hash)
    for part in chunks(subjects):
        rows = unit.connection.execute(
            select(*columns).where(audit.c.subject.in_(part)).order_by(audit.c.seq)
        )
        for subject, *values in rows:
            result.setdefault(subject, []).append(Logged(*values))
    return result
