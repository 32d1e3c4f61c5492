"""Read models of reports: counts made in the database, and the votes as a stream. Projects are large."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, case, cast, func, or_, select

from connector.model import CorrectionState, IssueState, LabelStatus
from connector.store.repositories.base import chunks
from connector.store.tables import (
    annotation_rows,
    class_releases,
    corrections,
    decisions,
    issues,
    items,
    review_tasks,
    votes,
)
from connector.store.unit_of_work import UnitOfWork

STREAM_ROWS = 2000  # rows fetched at a time
NO_PROBLEMS = "[]"  # an empty list as it is stored
WRITTEN = (CorrectionState.APPLIED,)  # what has moved already
COMMITTED = (CorrectionState.PENDING, CorrectionState.APPLIED)  # and what is about to
CUTS_AT_ONCE = 20  # pairs counted in one pass over the labels


@dataclass(frozen=True, slots=True)
class IssueCount:
    kind: str
    given: str
    method: str
    state: str
    n: int


@dataclass(frozen=True, slots=True)
class Moved:
    """How many labels corrections changed from one class to another."""

    given: str
    label: str
    n: int


@dataclass(frozen=True, slots=True)
class CastVote:
    """A vote for one label that counted."""

    task: str
    reviewer: str
    label: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ReviewerCount:
    reviewer: str
    votes: int  # that counted
    decided: int  # of these, on issues that were decided for one label
    agreed: int  # of those, for the label that was decided on
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class Cut:
    """Two labels, and the moment at which something was said about them; until when it was said."""

    pair: tuple[str, str]
    at: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Window:
    confused: int = 0  # labels of the pair that decisions moved to the other one
    labels: int = 0  # labels of the pair that people gave


def issue_counts(unit: UnitOfWork, project_id: int, since: datetime | None = None) -> list[IssueCount]:
    """Issues by kind, given label, method and state; those that changed since a moment, or all."""
    keys = (issues.c.kind, issues.c.given, issues.c.method, issues.c.state)
    query = select(*keys, func.count().label("n")).where(issues.c.project_id == project_id)
    if since is not None:
        query = query.where(issues.c.updated_at >= since)
    rows = unit.connection.execute(query.group_by(*keys).order_by(*keys))
    return [IssueCount(row.kind, row.given, row.method, row.state, int(row.n)) for row in rows]


def kind_counts(unit: UnitOfWork, project_id: int) -> list[IssueCount]:
    """Issues by kind and state alone: an index knows them, however many there are."""
    keys = (issues.c.kind, issues.c.state)
    query = select(*keys, func.count().label("n")).where(issues.c.project_id == project_id)
    rows = unit.connection.execute(query.group_by(*keys).order_by(*keys))
    return [IssueCount(row.kind, "", "", row.state, int(row.n)) for row in rows]


def correction_counts(unit: UnitOfWork, project_id: int, since: datetime | None = None) -> dict[str, int]:
    query = select(corrections.c.state, func.count()).where(*_corrections(project_id, since))
    return {state: int(n) for state, n in unit.connection.execute(query.group_by(corrections.c.state))}


def moved(
    unit: UnitOfWork,
    project_id: int,
    *,
    states: Sequence[CorrectionState] = WRITTEN,
    since: datetime | None = None,
    unreleased_of: str | None = None,
) -> list[Moved]:
    """What corrections took from and gave to classes: those in these states, made since a moment, or all.

    With `unreleased_of`, only those that touch this class, and none made before a person released it.
    """
    keys = (corrections.c.given, corrections.c.label)
    query = select(*keys, func.count()).where(
        *_corrections(project_id, since), corrections.c.state.in_([state.value for state in states])
    )
    if unreleased_of is not None:
        query = query.where(*_unreleased(project_id, unreleased_of))
    rows = unit.connection.execute(query.group_by(*keys).order_by(*keys))
    return [Moved(given, label, int(n)) for given, label, n in rows]


def _unreleased(project_id: int, label: str) -> Sequence[ColumnElement[bool]]:
    released = (
        select(class_releases.c.released_at)
        .where(class_releases.c.project_id == project_id, class_releases.c.label == label)
        .scalar_subquery()
    )
    return (
        or_(corrections.c.given == label, corrections.c.label == label),
        or_(released.is_(None), corrections.c.created_at > released),
    )


def cast_votes(unit: UnitOfWork, project_id: int, since: datetime | None = None) -> Iterator[CastVote]:
    """Every vote for one label that counted, in a stream."""
    query = (
        select(votes.c.review_key, votes.c.reviewer, votes.c.label, votes.c.created_at)
        .join(review_tasks, review_tasks.c.key == votes.c.review_key)
        .where(
            review_tasks.c.project_id == project_id,
            votes.c.counted.is_(True),
            votes.c.label.is_not(None),
            cast(votes.c.problems, Text) == NO_PROBLEMS,
        )
    )
    if since is not None:
        query = query.where(votes.c.created_at >= since)
    for row in _stream(unit, query):
        yield CastVote(row.review_key, row.reviewer, row.label, row.created_at)


def reviewer_counts(unit: UnitOfWork, project_id: int, since: datetime | None = None) -> list[ReviewerCount]:
    """What each reviewer answered, and how often it was what was decided; the busiest first."""
    settled = decisions.c.label.is_not(None)
    query = (
        select(
            votes.c.reviewer,
            func.count().label("votes"),
            func.coalesce(func.sum(case((settled, 1), else_=0)), 0).label("decided"),
            func.coalesce(
                func.sum(case((and_(settled, votes.c.label == decisions.c.label), 1), else_=0)), 0
            ).label("agreed"),
            func.max(votes.c.created_at).label("last_at"),
        )
        .join(review_tasks, review_tasks.c.key == votes.c.review_key)
        .outerjoin(
            decisions,
            and_(decisions.c.issue_id == review_tasks.c.issue_id, decisions.c.superseded_at.is_(None)),
        )
        .where(review_tasks.c.project_id == project_id, votes.c.counted.is_(True))
        .group_by(votes.c.reviewer)
        .order_by(func.count().desc(), votes.c.reviewer)
    )
    if since is not None:
        query = query.where(votes.c.created_at >= since)
    return [
        ReviewerCount(row.reviewer, int(row.votes), int(row.decided), int(row.agreed), row.last_at)
        for row in unit.connection.execute(query)
    ]


def windows(unit: UnitOfWork, project_id: int, cuts: Sequence[Cut]) -> list[tuple[Window, Window]]:
    """For each cut: labels of the pair given before it and after it, and how many of them were confused.

    A label counts by when a person first gave it, so that a correction moves nothing from one window to
    the other. One pass over the labels for every twenty cuts.
    """
    result: list[tuple[Window, Window]] = []
    ours = unit.projects.get(project_id).service_user
    for part in chunks(cuts, CUTS_AT_ONCE):
        labels = _sums(unit, _given_labels(project_id, ours, part), [annotation_rows.c.label], part)
        confused = _sums(unit, _confused_labels(project_id, part), [issues.c.given, decisions.c.label], part)
        result += [
            (Window(wrong[0], given[0]), Window(wrong[1], given[1]))
            for wrong, given in zip(confused, labels, strict=True)
        ]
    return result


def _sums(
    unit: UnitOfWork, query: Select[Any], labels: Sequence[ColumnElement[Any]], cuts: Sequence[Cut]
) -> list[tuple[int, int]]:
    """Rows whose labels are all of the pair, before and after its cut."""
    columns = [
        func.coalesce(
            func.sum(case((and_(within, *(label.in_(cut.pair) for label in labels)), 1), else_=0)), 0
        )
        for cut in cuts
        for within in _sides(cut)
    ]
    row = unit.connection.execute(query.with_only_columns(*columns)).one()
    return [(int(row[2 * n]), int(row[2 * n + 1])) for n in range(len(cuts))]


def _sides(cut: Cut) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    moment = annotation_rows.c.created_at
    after = moment >= cut.at
    return moment < cut.at, after if cut.until is None else and_(after, moment < cut.until)


def _given_labels(project_id: int, service_user: str | None, cuts: Sequence[Cut]) -> Select[Any]:
    """Labels that people gave to items that are there, also where a correction has changed them since."""
    return (
        select(annotation_rows.c.id)
        .select_from(annotation_rows.join(items, items.c.id == annotation_rows.c.item_id))
        .where(
            items.c.project_id == project_id,
            items.c.deleted_at.is_(None),
            annotation_rows.c.deleted_at.is_(None),
            annotation_rows.c.status == LabelStatus.VALID.value,
            annotation_rows.c.annotator.is_distinct_from(service_user),
            annotation_rows.c.label.in_(_named(cuts)),
        )
    )


def _confused_labels(project_id: int, cuts: Sequence[Cut]) -> Select[Any]:
    """Labels that reviewers decided were another one."""
    current = and_(decisions.c.issue_id == issues.c.id, decisions.c.superseded_at.is_(None))
    return (
        select(issues.c.id)
        .select_from(
            issues.join(decisions, current).join(
                annotation_rows, annotation_rows.c.id == issues.c.annotation_id
            )
        )
        .where(
            issues.c.project_id == project_id,
            issues.c.state == IssueState.ACCEPTED.value,
            issues.c.given.in_(_named(cuts)),
            decisions.c.label.in_(_named(cuts)),
            decisions.c.label != issues.c.given,
        )
    )


def _named(cuts: Sequence[Cut]) -> list[str]:
    return sorted({label for cut in cuts for label in cut.pair})


def _corrections(project_id: int, since: datetime | None) -> list[ColumnElement[bool]]:
    mine = [corrections.c.project_id == project_id]
    return mine if since is None else [*mine, corrections.c.created_at >= since]


def _stream(unit: UnitOfWork, query: Select[Any]) -> Iterator[Any]:
    yield from unit.connection.execute(query, execution_options={"yield_per": STREAM_ROWS})
