"""Read models of findings: what the API, the status page and the command line show of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select

from connector.model import Json
from connector.model.findings import FindingKind
from connector.store.tables import findings, items, projects
from connector.store.unit_of_work import UnitOfWork
from connector.store.views.paging import Slice, page
from connector.store.views.secrecy import EVERYTHING, Sight, of_settled_items
from connector.wording import finding_sentence, item_snippet, reason_text

FEW = 3  # of each kind, where all kinds are shown together


@dataclass(frozen=True, slots=True)
class FindingView:
    id: str
    project: str
    kind: str
    subject: str
    item: str | None  # the platform's id
    content: str | None  # what the item is, in short
    score: float
    why: str
    facts: Json
    scan_id: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class LookedView:
    """What the last scan looked for: how much it found of each kind, and why it did not look for some."""

    found: Mapping[str, int]
    not_looked_for: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class KindView:
    """One kind in a project: how many there are, and the first of them."""

    kind: FindingKind
    total: int
    first: tuple[FindingView, ...]


def finding_views(
    unit: UnitOfWork,
    *,
    project: str | None = None,
    kind: FindingKind | None = None,
    limit: int = 100,
    after: str | None = None,
    sight: Sight = EVERYTHING,
) -> Slice[FindingView]:
    """Findings of the last scan, kind by kind, the most severe first; none about items that are gone."""
    query = (
        select(
            findings,
            projects.c.name.label("project"),
            items.c.remote_id.label("item"),
            items.c.data.label("content"),
        )
        .join(projects, projects.c.id == findings.c.project_id)
        .outerjoin(items, items.c.id == findings.c.item_id)
        .where(or_(findings.c.item_id.is_(None), items.c.deleted_at.is_(None)))
    )
    query = sight.readable(query)
    if not sight.secrets:  # what is odd about an item is a hint at its label
        query = query.where(of_settled_items(findings.c.item_id))
    if project is not None:
        query = query.where(projects.c.name == project)
    if kind is not None:
        query = query.where(findings.c.kind == kind.value)
    keys = (findings.c.rank, findings.c.id)
    return page(unit.connection, query, keys, _finding, limit=limit, after=after)


def looked_view(unit: UnitOfWork, project_id: int) -> LookedView:
    """As the last scan recorded it; nothing before the first."""
    scan = unit.issues.last_scan(project_id)
    if scan is None:
        return LookedView({}, {})
    why_not = {kind: reason_text(why) for kind, why in scan.report.not_searched.items()}
    return LookedView(scan.report.findings, why_not)


def kind_views(unit: UnitOfWork, project: str, sight: Sight = EVERYTHING) -> list[KindView]:
    """Every kind that the last scan of a project found, with its first few."""
    stored = unit.projects.by_name(project)
    result = {} if stored is None else looked_view(unit, stored.id).found
    return [
        KindView(
            kind,
            result[kind.value],
            finding_views(unit, project=project, kind=kind, limit=FEW, sight=sight).items,
        )
        for kind in FindingKind
        if result.get(kind.value)
    ]


def _finding(row: Any) -> FindingView:
    return FindingView(
        id=row.id,
        project=row.project,
        kind=row.kind,
        subject=row.subject,
        item=row.item,
        content=None if row.content is None else item_snippet(row.content),
        score=row.score,
        why=finding_sentence(FindingKind(row.kind), row.facts),
        facts=row.facts,
        scan_id=row.scan_id,
        created_at=row.created_at,
    )
