"""The queue of a project: its issues under filters, the most suspicious first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, tuple_

from connector.model import IssueKind
from connector.store.tables import (
    HAS_SHORT_PAIR,
    MOST_PAIR_CHARS,
    annotation_rows,
    annotators,
    corrections,
    decisions,
    issues,
    items,
    projects,
    review_tasks,
    votes,
)
from connector.store.unit_of_work import UnitOfWork
from connector.store.views import secrecy
from connector.store.views.loop import IssueView
from connector.store.views.paging import Slice, page
from connector.store.views.secrecy import Sight
from connector.wording import item_snippet, reason_text

MOST_COUNTED = 200  # more matches than this are said to be "more than"


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What is looked for; None: anything. Ages are of the issue, in days."""

    states: tuple[str, ...] = ()
    given: str | None = None
    suggested: str | None = None
    annotator: str | None = None
    kind: str | None = None
    method: str | None = None
    item: str | None = None
    older: int | None = None
    items: tuple[int, ...] | None = None  # our ids
    reason: str | None = None  # the code of why it was decided so (`connector.model.reasons`)

    @property
    def of_content(self) -> bool:
        """Whether a filter asks for what is secret of open questions."""
        asked = (self.given, self.suggested, self.annotator, self.kind, self.method, self.older, self.reason)
        return any(value is not None for value in asked)


@dataclass(frozen=True, slots=True)
class QueueRow:
    """An issue, who gave the label, how many answers count of how many people asked; as far as shown."""

    issue: IssueView
    annotator: str | None = None
    votes: int | None = None
    asked: int | None = None
    asks_adjudicator: bool = False


def queue_views(
    unit: UnitOfWork, project_id: int, asked: QueueFilter, sight: Sight, limit: int, after: str | None
) -> Slice[QueueRow]:
    """Issues with what their questions have come to; in pages.

    Who may not see secrets gets rows in the order of their ids, and by content only what is settled.
    """
    wanted = select(issues.c.id, issues.c.rank).where(*_conditions(unit, project_id, asked, sight))
    keys = _order(sight)
    # Chosen by the narrow rows alone: what is joined to each is read for those of one page.
    chosen = page(unit.connection, wanted, keys, lambda row: str(row.id), limit=limit, after=after)
    rows = unit.connection.execute(_query().where(issues.c.id.in_(chosen.items))).all()
    result = {row.id: _shown(row, sight) for row in rows}
    return Slice(tuple(result[each] for each in chosen.items), chosen.next)


def _shown(row: Any, sight: Sight) -> QueueRow:
    values = {name: getattr(row, name) for name in IssueView.__slots__}
    texts = {"reason": reason_text(row.reason), "content": item_snippet(row.content)}
    view = secrecy.seen_issue(IssueView(**values | texts), sight)
    shown = view.given is not None
    if not shown:
        return QueueRow(view)
    return QueueRow(view, row.who or row.annotator, row.n_votes, row.asked, asks_adjudicator=row.escalated)


def queue_beside(
    unit: UnitOfWork, project_id: int, asked: QueueFilter, sight: Sight, item: str
) -> tuple[str | None, str | None]:
    """The items before and after one (by their ids on the platform) in the queue under the same filters."""
    conditions = _conditions(unit, project_id, asked, sight)
    keys = _order(sight)
    same = (items.c.project_id == project_id, items.c.remote_id == item)
    here = select(*keys).join(items, items.c.id == issues.c.item_id).where(*same, *conditions)
    row = unit.connection.execute(here.order_by(*keys).limit(1)).first()
    if row is None:
        return None, None
    place = tuple_(*(literal(value, key.type) for value, key in zip(row, keys, strict=True)))
    beside = (
        select(items.c.remote_id).join(issues, issues.c.item_id == items.c.id).where(*conditions).limit(1)
    )
    before = beside.where(tuple_(*keys) < place).order_by(*(key.desc() for key in keys))
    after = beside.where(tuple_(*keys) > place).order_by(*keys)
    result = [unit.connection.execute(query).scalar() for query in (before, after)]
    return result[0], result[1]


def _order(sight: Sight) -> tuple[ColumnElement[Any], ...]:
    """The most suspicious first; in an order that tells nothing, where that is secret."""
    return (issues.c.rank, issues.c.id) if sight.secrets else (issues.c.id,)


def queue_count(unit: UnitOfWork, project_id: int, asked: QueueFilter, sight: Sight) -> int:
    """How many issues match; counted no further than one above `MOST_COUNTED`."""
    query = select(issues.c.id).where(*_conditions(unit, project_id, asked, sight))
    limited = query.limit(MOST_COUNTED + 1).subquery()
    return int(unit.connection.execute(select(func.count()).select_from(limited)).scalar_one())


def _conditions(unit: UnitOfWork, project_id: int, asked: QueueFilter, sight: Sight) -> list[Any]:
    equal = (
        (issues.c.given, asked.given),
        (issues.c.suggested, asked.suggested),
        (issues.c.annotator, asked.annotator),
        (issues.c.kind, asked.kind),
        (issues.c.method, asked.method),
    )
    values: list[Any] = [issues.c.project_id == project_id]
    values += [column == value for column, value in equal if value is not None]
    if asked.given and asked.suggested and len(asked.given + asked.suggested) <= MOST_PAIR_CHARS:
        values.append(HAS_SHORT_PAIR)  # it follows, but an index is used where it is said
    if asked.item is not None:
        same = select(items.c.id).where(items.c.project_id == project_id, items.c.remote_id == asked.item)
        values.append(issues.c.item_id.in_(same))
    if asked.items is not None:
        values.append(issues.c.item_id.in_(asked.items))
    if asked.older is not None:
        values.append(issues.c.created_at <= unit.now - timedelta(days=asked.older))
    if asked.reason is not None:
        with_facts = issues.c.reason.startswith(f"{asked.reason} ", autoescape=True)
        values.append(or_(issues.c.reason == asked.reason, with_facts))
    if asked.of_content and not sight.secrets:
        values.append(secrecy.is_settled())
    if asked.kind == IssueKind.CONTROL and not sight.secrets:
        values.append(issues.c.id.is_(None))
    if asked.states:
        values.append(secrecy.in_seen_states(sight, asked.states))
    return values


def _query() -> Select[Any]:
    cast = select(func.count()).where(
        votes.c.review_key == review_tasks.c.key, votes.c.withdrawn.is_(False), votes.c.counted.is_(True)
    )
    current = and_(decisions.c.issue_id == issues.c.id, decisions.c.superseded_at.is_(None))
    who = and_(annotators.c.project_id == issues.c.project_id, annotators.c.remote_id == issues.c.annotator)
    return (
        select(
            issues,
            projects.c.name.label("project"),
            items.c.remote_id.label("item"),
            items.c.data.label("content"),
            annotation_rows.c.remote_id.label("annotation"),
            annotators.c.name.label("who"),
            decisions.c.outcome,
            decisions.c.label.label("decided_label"),
            review_tasks.c.key.label("review"),
            review_tasks.c.overlap.label("asked"),
            review_tasks.c.escalated_at.is_not(None).label("escalated"),
            corrections.c.id.label("correction"),
            cast.scalar_subquery().label("n_votes"),
        )
        .join(projects, projects.c.id == issues.c.project_id)
        .join(items, items.c.id == issues.c.item_id)
        .join(annotation_rows, annotation_rows.c.id == issues.c.annotation_id)
        .outerjoin(annotators, who)
        .outerjoin(decisions, current)
        .outerjoin(review_tasks, review_tasks.c.issue_id == issues.c.id)
        .outerjoin(corrections, corrections.c.decision_id == decisions.c.id)
    )
