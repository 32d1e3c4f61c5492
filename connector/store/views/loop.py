"""Read models: what the API, the status page and the command line show. One query shape for each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, func, select

from connector.model import CorrectionState, IssueState, Json, LabelStatus, ReviewState
from connector.model.jobs import JobState
from connector.model.reasons import Code, coded
from connector.store.repositories.corrections import adopted_run
from connector.store.repositories.facts import outage_fact
from connector.store.tables import (
    annotation_rows,
    corrections,
    decisions,
    facts,
    issues,
    items,
    jobs,
    projects,
    review_tasks,
    votes,
)
from connector.store.unit_of_work import UnitOfWork
from connector.store.views import secrecy
from connector.store.views.paging import Slice, page
from connector.store.views.secrecy import EVERYTHING, Sight
from connector.wording import item_snippet, left_out_texts, quality_texts, reason_text, reason_texts

TICK_FACT = "last_tick"


@dataclass(frozen=True, slots=True)
class ProjectView:
    name: str
    title: str | None
    platform: str
    url: str
    remote_id: str
    items: int
    labelled: int
    changes_since_scan: int
    flagged: int  # by the last scan
    issues: Mapping[str, int]
    reviews: Mapping[str, int]
    votes: int
    votes_counted: int
    corrections: Mapping[str, int]
    adopted: int  # of the applied ones: found on the platform after this database was restored
    adopted_run: str  # the run by which these can be reverted together
    held_by_others: int  # annotations of others with an error that the applied ones put right in another's
    dispositions: Mapping[str, int]
    skipped: Mapping[str, int]
    warnings: tuple[str, ...]
    quality: Json | None  # what reviews say of all labels, as last computed (docs/quality.md)
    jobs: Mapping[str, int]
    review_link: str | None
    last_sync_at: datetime | None
    last_reconcile_at: datetime | None
    last_scan_at: datetime | None
    last_collect_at: datetime | None
    paused_reason: str | None
    away_since: datetime | None  # of a platform that does not answer; None where it does
    away_reason: str | None


@dataclass(frozen=True, slots=True)
class IssueView:
    id: str
    project: str
    item: str
    annotation: str
    kind: str | None  # None, here and below: not shown to who asks (docs/dashboard.md)
    state: str
    given: str | None
    suggested: str | None
    probability: float | None
    quality: float | None
    rank: int | None
    method: str | None
    model_version: str | None
    evidence: Json
    content: str  # what the item is, in short
    reason: str | None
    outcome: str | None
    decided_label: str | None
    review: str | None
    correction: str | None
    created_at: datetime | None
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReviewView:
    key: str
    project: str
    issue: str
    issue_state: str
    issue_kind: str | None
    state: str
    remote_id: str | None
    blind: bool | None
    overlap: int | None
    votes: int | None
    votes_counted: int | None
    created_at: datetime | None
    pushed_at: datetime | None


@dataclass(frozen=True, slots=True)
class CorrectionView:
    id: str
    project: str
    issue: str
    run: str
    item: str
    annotation: str
    mode: str
    state: str
    given: str
    label: str
    actor: str
    error: str | None
    others: int  # annotations of others that hold what was wrong
    created_at: datetime
    applied_at: datetime | None
    reverted_at: datetime | None


@dataclass(frozen=True, slots=True)
class JobView:
    id: str
    project: str
    kind: str
    state: str
    attempts: int
    error: str | None
    created_at: datetime
    due_at: datetime


def project_views(unit: UnitOfWork, name: str | None = None, sight: Sight = EVERYTHING) -> list[ProjectView]:
    """All stored projects by name, or the one of that name."""
    query = sight.readable(select(projects).order_by(projects.c.name))
    if name is not None:
        query = query.where(projects.c.name == name)
    rows = unit.connection.execute(query).all()
    return [secrecy.seen_project(_project(unit, row), sight) for row in rows]


def issue_views(
    unit: UnitOfWork,
    *,
    project: str | None = None,
    state: IssueState | None = None,
    limit: int = 100,
    after: str | None = None,
    sight: Sight = EVERYTHING,
) -> Slice[IssueView]:
    """Issues, the most suspicious first; in an order that tells nothing, where that is secret."""
    query = _of_project(_issue_query(), issues, project, sight)
    if state is not None:
        query = query.where(secrecy.in_seen_state(sight, state.value))
    keys = (issues.c.rank, issues.c.id) if sight.secrets else (issues.c.id,)
    return page(
        unit.connection,
        query,
        keys,
        lambda row: secrecy.seen_issue(_issue(row), sight),
        limit=limit,
        after=after,
    )


def issue_view(unit: UnitOfWork, issue_id: str) -> IssueView | None:
    """One issue with all of it: who shows it asks `secrecy.seen_issue` what may be shown."""
    row = unit.connection.execute(_issue_query().where(issues.c.id == issue_id)).one_or_none()
    return None if row is None else _issue(row)


def review_views(
    unit: UnitOfWork,
    *,
    project: str | None = None,
    state: ReviewState | None = None,
    limit: int = 100,
    after: str | None = None,
    sight: Sight = EVERYTHING,
) -> Slice[ReviewView]:
    """Review tasks, the oldest first; in an order that tells nothing, where that is secret."""
    mine = votes.c.review_key == review_tasks.c.key
    cast = select(func.count()).where(mine, votes.c.withdrawn.is_(False))
    query = select(
        review_tasks,
        projects.c.name.label("project"),
        issues.c.state.label("issue_state"),
        issues.c.kind.label("issue_kind"),
        cast.scalar_subquery().label("votes"),
        cast.where(votes.c.counted.is_(True)).scalar_subquery().label("votes_counted"),
    ).join(projects, projects.c.id == review_tasks.c.project_id)
    query = query.join(issues, issues.c.id == review_tasks.c.issue_id)
    query = _of_project(query, review_tasks, project, sight)
    if state is not None:
        query = query.where(secrecy.in_seen_review_state(sight, state))
    keys = (review_tasks.c.created_at, review_tasks.c.key) if sight.secrets else (review_tasks.c.key,)
    return page(
        unit.connection,
        query,
        keys,
        lambda row: secrecy.seen_review(_review(row), sight),
        limit=limit,
        after=after,
    )


def correction_views(
    unit: UnitOfWork,
    *,
    project: str | None = None,
    state: CorrectionState | None = None,
    limit: int = 100,
    after: str | None = None,
    sight: Sight = EVERYTHING,
) -> Slice[CorrectionView]:
    """Corrections, the oldest first."""
    query = (
        select(
            corrections,
            projects.c.name.label("project"),
            items.c.remote_id.label("item"),
            annotation_rows.c.remote_id.label("annotation"),
        )
        .join(projects, projects.c.id == corrections.c.project_id)
        .join(items, items.c.id == corrections.c.item_id)
        .join(annotation_rows, annotation_rows.c.id == corrections.c.annotation_id)
        .join(issues, issues.c.id == corrections.c.issue_id)
    )
    query = _of_project(query, corrections, project, sight)
    if not sight.secrets:  # where the question is open again, that there was one says what was decided
        query = query.where(secrecy.is_settled())
    if state is not None:
        query = query.where(corrections.c.state == state.value)
    keys = (corrections.c.created_at, corrections.c.id)
    return page(unit.connection, query, keys, _correction, limit=limit, after=after)


def job_views(
    unit: UnitOfWork,
    *,
    project: str | None = None,
    state: JobState | None = JobState.DEAD,
    limit: int = 100,
    after: str | None = None,
    sight: Sight = EVERYTHING,
) -> Slice[JobView]:
    """Jobs, the oldest first; those that were given up unless another state is asked for."""
    query = select(jobs, projects.c.name.label("project")).join(projects, projects.c.id == jobs.c.project_id)
    query = _of_project(query, jobs, project, sight)
    if state is not None:
        query = query.where(jobs.c.state == state.value)
    return page(unit.connection, query, (jobs.c.created_at, jobs.c.id), _job, limit=limit, after=after)


def last_tick_at(unit: UnitOfWork) -> datetime | None:
    """When the scheduler last looked for due work."""
    query = select(facts.c.at).where(facts.c.name == TICK_FACT)
    result: datetime | None = unit.connection.execute(query).scalar_one_or_none()
    return result


def _of_project(query: Select[Any], table: Table, project: str | None, sight: Sight) -> Select[Any]:
    """Rows of a table that may be read, of one project where it is named.

    By its id, found first: through the name alone PostgreSQL reads and sorts all rows of the table.
    """
    query = sight.readable(query)
    if project is None:
        return query
    named = select(projects.c.id).where(projects.c.name == project).scalar_subquery()
    return query.where(table.c.project_id == named)


def _issue_query() -> Select[Any]:
    return (
        select(
            issues,
            projects.c.name.label("project"),
            items.c.remote_id.label("item"),
            items.c.data.label("content"),
            annotation_rows.c.remote_id.label("annotation"),
            decisions.c.outcome,
            decisions.c.label.label("decided_label"),
            review_tasks.c.key.label("review"),
            corrections.c.id.label("correction"),
        )
        .join(projects, projects.c.id == issues.c.project_id)
        .join(items, items.c.id == issues.c.item_id)
        .join(annotation_rows, annotation_rows.c.id == issues.c.annotation_id)
        .outerjoin(decisions, and_(decisions.c.issue_id == issues.c.id, decisions.c.superseded_at.is_(None)))
        .outerjoin(review_tasks, review_tasks.c.issue_id == issues.c.id)
        .outerjoin(corrections, corrections.c.decision_id == decisions.c.id)
    )


def _issue(row: Any) -> IssueView:
    values = {name: getattr(row, name) for name in IssueView.__slots__}
    return IssueView(**values | {"reason": reason_text(row.reason), "content": item_snippet(row.content)})


def _review(row: Any) -> ReviewView:
    renamed = {"issue": row.issue_id}
    return ReviewView(**{n: renamed.get(n) or getattr(row, n) for n in ReviewView.__slots__})


def _correction(row: Any) -> CorrectionView:
    renamed = {"issue": row.issue_id, "run": row.run_id, "error": reason_text(row.error)}
    return CorrectionView(**{n: renamed.get(n) or getattr(row, n) for n in CorrectionView.__slots__})


def _job(row: Any) -> JobView:
    return JobView(**{name: getattr(row, name) for name in JobView.__slots__})


def _project(unit: UnitOfWork, row: Any) -> ProjectView:
    scan = unit.issues.last_scan(row.id)
    statuses = unit.items.label_statuses(row.id)
    cast = unit.votes.counts(row.id)
    outage = unit.facts.get(outage_fact(row.id))
    return ProjectView(
        name=row.name,
        title=row.title,
        platform=row.platform,
        url=row.url,
        remote_id=row.remote_id,
        items=unit.items.count(row.id),
        labelled=statuses.labelled,
        changes_since_scan=row.changes_since_scan,
        flagged=scan.n_flagged if scan else 0,
        issues={state.value: n for state, n in unit.issues.counts(row.id).items()},
        reviews=_states(unit, review_tasks.c.state, review_tasks.c.project_id == row.id),
        votes=cast["all"],
        votes_counted=cast["counted"],
        corrections={state.value: n for state, n in unit.corrections.counts(row.id).items()},
        adopted=unit.corrections.adopted_count(row.id),
        adopted_run=adopted_run(row.id),
        held_by_others=unit.corrections.held_by_others(row.id),
        dispositions={kind.value: n for kind, n in unit.dispositions.counts(row.id).items()},
        skipped=_skipped(statuses.counts, scan.skipped if scan else {}),
        warnings=reason_texts(scan.warnings) if scan else (),
        quality=quality_texts((unit.quality.figures(row.id) or (None, None))[1]),
        jobs=_states(unit, jobs.c.state, jobs.c.project_id == row.id),
        review_link=row.review_link,
        last_sync_at=row.last_sync_at,
        last_reconcile_at=row.last_reconcile_at,
        last_scan_at=row.last_scan_at,
        last_collect_at=row.last_collect_at,
        paused_reason=row.paused_reason,
        away_since=unit.facts.at(outage_fact(row.id)),
        away_reason=None if outage is None else json.loads(outage)["reason"],
    )


def _skipped(statuses: Mapping[str, int], by_scan: Mapping[Code, int]) -> dict[str, int]:
    """What no scan can judge, by reason: annotations by their status, and what the last scan left out."""
    not_valid = {coded(status): n for status, n in statuses.items() if status != LabelStatus.VALID.value}
    return left_out_texts({reason: n for reason, n in {**not_valid, **by_scan}.items() if n})


def _states(unit: UnitOfWork, column: ColumnElement[Any], condition: ColumnElement[bool]) -> dict[str, int]:
    query = select(column, func.count()).where(condition).group_by(column)
    return {str(state): int(n) for state, n in unit.connection.execute(query)}


def project_names(unit: UnitOfWork) -> list[str]:
    """The names of all stored projects."""
    return list(unit.connection.execute(select(projects.c.name).order_by(projects.c.name)).scalars())
