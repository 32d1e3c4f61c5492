"""Read models of dispositions: the items that no single label answers, list by list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from connector.model import DispositionKind, DispositionState
from connector.store.tables import dispositions, issues, items, projects
from connector.store.unit_of_work import UnitOfWork
from connector.store.views.paging import Slice, page
from connector.store.views.secrecy import EVERYTHING, Sight, is_settled


@dataclass(frozen=True, slots=True)
class DispositionView:
    """`labels` are those that reviewers named; for a guideline question the pair that it is about."""

    id: str
    project: str
    issue: str
    item: str  # the platform's id
    kind: str
    problem: str
    given: str
    labels: tuple[str, ...]
    decided_at: datetime


def disposition_views(
    unit: UnitOfWork,
    *,
    project: str | None = None,
    kind: DispositionKind | None = None,
    limit: int = 100,
    after: str | None = None,
    sight: Sight = EVERYTHING,
) -> Slice[DispositionView]:
    """What stands on the lists, the oldest first; nothing about items that are gone."""
    query = (
        select(
            dispositions,
            projects.c.name.label("project"),
            items.c.remote_id.label("item"),
            issues.c.given,
        )
        .join(projects, projects.c.id == dispositions.c.project_id)
        .join(items, items.c.id == dispositions.c.item_id)
        .join(issues, issues.c.id == dispositions.c.issue_id)
        .where(dispositions.c.state == DispositionState.OPEN.value, items.c.deleted_at.is_(None))
    )
    query = sight.readable(query)
    if not sight.secrets:
        query = query.where(is_settled())
    if project is not None:
        query = query.where(projects.c.name == project)
    if kind is not None:
        query = query.where(dispositions.c.kind == kind.value)
    keys = (dispositions.c.decided_at, dispositions.c.id)
    return page(unit.connection, query, keys, _view, limit=limit, after=after)


def _view(row: Any) -> DispositionView:
    return DispositionView(
        id=row.id,
        project=row.project,
        issue=row.issue_id,
        item=row.item,
        kind=row.kind,
        problem=row.problem,
        given=row.given,
        labels=tuple(row.labels),
        decided_at=row.decided_at,
    )
