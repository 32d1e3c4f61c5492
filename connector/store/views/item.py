"""One item with all that is known of it: labels, flags, answers, decisions, corrections, what was done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from connector.model import Correction, FlagEvidence, Json, Project, Vote
from connector.model.access import AccessRole, Principal
from connector.store.tables import annotation_rows, audit, corrections, issues, items, review_tasks
from connector.store.unit_of_work import UnitOfWork
from connector.store.views.loop import IssueView, issue_view
from connector.store.views.secrecy import Sight, seen_issue

MOST_ROWS = 100


@dataclass(frozen=True, slots=True)
class LabelVersion:
    """An annotation as it stands."""

    id: str
    annotator: str
    label: str | None
    status: str
    updated_at: datetime
    ground_truth: bool
    deleted: bool
    result: Json


@dataclass(frozen=True, slots=True)
class NeighbourView:
    """One of the items that are most like another one, as it was when that one was flagged.

    `state` is that of the latest question about it, None where nobody asked.
    """

    item: str
    label: str
    distance: float
    state: str | None


@dataclass(frozen=True, slots=True)
class Question:
    """An issue of the item with its answers, as far as they may be seen."""

    issue: IssueView
    votes: tuple[Vote, ...]
    corrections: tuple[Correction, ...]
    asked: int | None = None  # people, where it is known to who asks
    neighbours: tuple[NeighbourView, ...] = ()
    asks_adjudicator: bool = False


@dataclass(frozen=True, slots=True)
class ItemView:
    """`hidden`: a question about it is open to who asks, so no label is shown."""

    id: str
    data: Json
    deleted: bool
    versions: tuple[LabelVersion, ...]
    questions: tuple[Question, ...]
    names: dict[str, str]
    log: tuple[Any, ...]
    hidden: bool
    predictions: tuple[tuple[str, float | None], ...] = ()


def item_page(
    unit: UnitOfWork, project: Project, remote_id: str, sight: Sight, who: Principal
) -> ItemView | None:
    """The latest item of this id; None where there is none."""
    query = select(items).where(items.c.project_id == project.id, items.c.remote_id == remote_id)
    row = unit.connection.execute(query.order_by(items.c.id.desc()).limit(1)).one_or_none()
    if row is None:
        return None
    result = _questions(unit, row.id, sight)
    hidden = not sight.secrets and any(each.issue.given is None for each in result)
    operates = who.may(AccessRole.OPERATOR, project.name)
    return ItemView(
        id=row.remote_id,
        data=row.data,
        deleted=row.deleted_at is not None,
        versions=() if hidden else tuple(_versions(unit, project, row.id)),
        questions=tuple(result),
        names=unit.projects.annotator_names(project.id),
        log=_log(unit, row.id, row.remote_id) if operates else (),
        hidden=hidden,
    )


def item_data(unit: UnitOfWork, project_id: int, remote_id: str) -> Json | None:
    """The fields of the latest item of this id; None where there is none."""
    query = select(items.c.data).where(items.c.project_id == project_id, items.c.remote_id == remote_id)
    document: Json | None = unit.connection.execute(query.order_by(items.c.id.desc()).limit(1)).scalar()
    return document


def _versions(unit: UnitOfWork, project: Project, item_id: int) -> list[LabelVersion]:
    names = unit.projects.annotator_names(project.id)
    query = select(annotation_rows).where(annotation_rows.c.item_id == item_id)
    rows = unit.connection.execute(query.order_by(annotation_rows.c.created_at, annotation_rows.c.id))
    return [
        LabelVersion(
            id=row.remote_id,
            annotator=names.get(row.annotator, row.annotator or "unknown"),
            label=row.label,
            status=row.status,
            updated_at=row.updated_at,
            ground_truth=row.ground_truth,
            deleted=row.deleted_at is not None,
            result=row.result,
        )
        for row in rows
    ]


def _questions(unit: UnitOfWork, item_id: int, sight: Sight) -> list[Question]:
    query = select(
        issues.c.id, review_tasks.c.key, review_tasks.c.overlap, review_tasks.c.escalated_at
    ).outerjoin(review_tasks, review_tasks.c.issue_id == issues.c.id)
    rows = unit.connection.execute(
        query.where(issues.c.item_id == item_id).order_by(issues.c.id).limit(MOST_ROWS)
    ).all()
    cast = unit.votes.of([row.key for row in rows if row.key]) if rows else {}
    result = []
    for row in rows:
        whole = issue_view(unit, row.id)
        if whole is None:
            continue
        issue = seen_issue(whole, sight)
        shown = issue.given is not None
        result.append(
            Question(
                issue=issue,
                votes=tuple(cast.get(row.key, ())) if shown else (),
                corrections=tuple(unit.corrections.all_of_issue(row.id)) if shown else (),
                asked=row.overlap if shown else None,
                neighbours=tuple(_neighbours(unit, issue.evidence)) if shown else (),
                asks_adjudicator=shown and row.escalated_at is not None,
            )
        )
    return result


def _neighbours(unit: UnitOfWork, evidence: Json) -> Iterator[NeighbourView]:
    """The most similar items by their ids on the platform; none where they are not known, or not shown."""
    known = FlagEvidence.from_json(evidence)
    ids = [item for item, _ in known.neighbours]
    if not ids:
        return
    names = dict(
        unit.connection.execute(select(items.c.id, items.c.remote_id).where(items.c.id.in_(ids))).all()
    )
    asked = select(issues.c.item_id, issues.c.state).where(issues.c.item_id.in_(ids))
    states = dict(unit.connection.execute(asked.order_by(issues.c.created_at)).all())
    for label, (item, distance) in zip(known.similar, known.neighbours, strict=False):
        if item in names:
            yield NeighbourView(names[item], label, distance, states.get(item))


def _log(unit: UnitOfWork, item_id: int, remote_id: str) -> tuple[Any, ...]:
    """Rows of the audit log about the item, its issues and their corrections, the latest first."""
    about = [f"item:{remote_id}"]
    about += unit.connection.execute(select(issues.c.id).where(issues.c.item_id == item_id)).scalars()
    about += unit.connection.execute(
        select(corrections.c.id).where(corrections.c.item_id == item_id)
    ).scalars()
    query = select(audit).where(audit.c.subject.in_(about[:500])).order_by(audit.c.seq.desc())
    return tuple(unit.connection.execute(query.limit(MOST_ROWS)).all())
