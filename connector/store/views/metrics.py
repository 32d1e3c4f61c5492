"""What `/metrics` reads: states as they stand, counted by the database, and the tallies.

What alerts watch is read apart: a look for them is made each minute, and must not count all that was decided.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, case, func, literal, select

from connector.model import CorrectionState, ReviewState
from connector.model.alerts import AlertPhase
from connector.model.jobs import JobState
from connector.model.metrics import PREFIX, Tally, labels
from connector.store.repositories.facts import outage_fact
from connector.store.repositories.tallies import AUDIT_VERIFIED, WORKER_SEEN
from connector.store.tables import (
    alert_messages,
    alerts,
    audit_head,
    corrections,
    decisions,
    facts,
    golden_items,
    guideline_notes,
    issues,
    jobs,
    projects,
    review_tasks,
    votes,
)
from connector.store.unit_of_work import UnitOfWork
from connector.store.views.loop import last_tick_at

Samples = Iterator[tuple[Tally, float]]
Names = Mapping[int, str]  # of projects, by id
STEPS = ("sync", "reconcile", "scan", "collect")


def stored_metrics(unit: UnitOfWork) -> dict[Tally, float]:
    """Every sample that the database holds, of all projects."""
    names = _names(unit)
    return watched_metrics(unit) | dict(_counts(unit, names)) | dict(_alerts(unit))


def watched_metrics(unit: UnitOfWork) -> dict[Tally, float]:
    """Those that rules of alerts read (`connector.alerts.readings`): an index knows each of them."""
    names = _names(unit)
    result = dict(_counted(unit, names, "review_tasks", review_tasks, state=review_tasks.c.state))
    standing = golden_items.c.retired_at.is_(None)
    result |= dict(_counted(unit, names, "golden_items", golden_items, standing, state=_golden_state()))
    result |= dict(_projects(unit))
    result |= dict(_jobs(unit))
    result |= dict(_installation(unit))
    return result | unit.tallies.all()


def _names(unit: UnitOfWork) -> Names:
    rows = unit.connection.execute(select(projects.c.id, projects.c.name))
    return {row.id: row.name for row in rows}


def _counts(unit: UnitOfWork, names: Names) -> Samples:
    """What grows with the project, and is looked at by people alone."""
    yield from _counted(unit, names, "issues", issues, state=issues.c.state)
    yield from _counted(unit, names, "notes", guideline_notes, state=guideline_notes.c.state)
    yield from _corrections(unit, names)
    yield from _answers(unit, names)


def _corrections(unit: UnitOfWork, names: Names) -> Samples:
    """All that is counted of corrections, in one pass over them."""
    by = (corrections.c.project_id, corrections.c.state, corrections.c.mode)
    marks = (func.count(corrections.c.applied_at), func.count(corrections.c.reverted_at))
    result: dict[Tally, float] = {}
    for project_id, state, mode, n, written, back in unit.connection.execute(
        select(*by, func.count(), *marks).group_by(*by)
    ):
        project = names[project_id]
        counts = [
            _sample("corrections", n, project=project, state=state),
            _sample("corrections_written_total", written, project=project, mode=mode),
            _sample("corrections_reverted_total", back, project=project),
        ]
        for key, value in counts:
            if value:
                result[key] = result.get(key, 0.0) + value
    yield from result.items()


def _answers(unit: UnitOfWork, names: Names) -> Samples:
    """Votes and decisions. These rows do not name their project: with one alone nothing has to be joined."""
    tasks, flags = review_tasks.c.project_id, issues.c.project_id
    cast = select(tasks, votes.c.counted, func.count()).group_by(tasks, votes.c.counted)
    cast = cast.select_from(votes).join(review_tasks, votes.c.review_key == review_tasks.c.key)
    query = select(flags, decisions.c.outcome, func.count()).group_by(flags, decisions.c.outcome)
    query = query.select_from(decisions).join(issues, decisions.c.issue_id == issues.c.id)
    if len(names) == 1:
        only = literal(next(iter(names)))
        cast = select(only, votes.c.counted, func.count()).group_by(votes.c.counted)
        query = select(only, decisions.c.outcome, func.count()).group_by(decisions.c.outcome)
    for project_id, counted, n in unit.connection.execute(cast.where(votes.c.withdrawn.is_(False))):
        yield _sample("votes_total", n, project=names[project_id], counted=str(bool(counted)).lower())
    for project_id, outcome, n in unit.connection.execute(query):
        yield _sample("decisions_total", n, project=names[project_id], outcome=outcome)


def _golden_state() -> ColumnElement[str]:
    return case((golden_items.c.doubted_at.is_not(None), "doubted"), else_="standing")


def _counted(
    unit: UnitOfWork,
    names: Names,
    name: str,
    table: Table,
    *where: ColumnElement[bool],
    **by: ColumnElement[Any],
) -> Samples:
    """Rows of a table by project and one more column: of ids alone, so that an index can be enough."""
    columns = (table.c.project_id, *by.values())
    query = select(*columns, func.count()).where(*where).group_by(*columns)
    for project_id, *values, n in unit.connection.execute(query):
        yield _sample(name, n, project=names[project_id], **dict(zip(by, values, strict=True)))


def _projects(unit: UnitOfWork) -> Samples:
    for row in unit.connection.execute(select(projects)).all():
        yield _sample("project_paused", float(row.paused_reason is not None), project=row.name)
        away = unit.facts.at(outage_fact(row.id))
        yield _sample("platform_away_seconds", _age(unit, away) if away else 0.0, project=row.name)
        for step in STEPS:
            at = getattr(row, f"last_{step}_at")
            if at is not None:
                yield _sample("last_success_timestamp_seconds", at.timestamp(), project=row.name, step=step)
        yield from _oldest_review(unit, row)
        yield from _held(unit, row)
        figures = unit.quality.figures(row.id)
        if figures is not None:
            yield from _quality(row.name, figures[1])
        for trusted, n in _trusted(unit, row.id).items():
            yield _sample("reviewers", n, project=row.name, trusted=str(trusted).lower())
        report = unit.audits.last_done(row.id)
        alpha = ((report.figures or {}).get("agreement") or {}).get("alpha") if report else None
        if alpha and alpha.get("value") is not None:
            yield _sample("agreement_alpha", alpha["value"], project=row.name)


def _oldest_review(unit: UnitOfWork, project: Any) -> Samples:
    waiting = review_tasks.c.state == ReviewState.PUSHED.value
    query = select(func.min(review_tasks.c.pushed_at)).where(review_tasks.c.project_id == project.id, waiting)
    oldest: datetime | None = unit.connection.execute(query).scalar_one_or_none()
    if oldest is not None:
        yield _sample("review_oldest_age_seconds", _age(unit, oldest), project=project.name)


def _held(unit: UnitOfWork, project: Any) -> Samples:
    held = corrections.c.state == CorrectionState.HELD.value
    query = select(func.count()).where(corrections.c.project_id == project.id, held)
    n = unit.connection.execute(query).scalar_one()
    if n:
        yield _sample("corrections_held", n, project=project.name)


def _age(unit: UnitOfWork, moment: datetime) -> float:
    return max((unit.now - moment).total_seconds(), 0.0)


def _quality(project: str, figures: Mapping[str, Any]) -> Samples:
    if figures.get("items"):
        yield _sample("error_bound_ratio", figures["remaining_high"], project=project)
    yield _sample("error_target_ratio", figures["target"], project=project)
    controls = figures["controls"]
    if controls["n"]:
        for bound in ("value", "low", "high"):
            yield _sample("control_error_ratio", controls[bound], project=project, bound=bound)
    precision = figures["flags"]["precision"]["value"]
    if precision is not None:
        yield _sample("flag_precision_ratio", precision, project=project)


def _trusted(unit: UnitOfWork, project_id: int) -> dict[bool, int]:
    result: dict[bool, int] = {}
    for person in unit.people.latest(project_id).values():
        result[person.trusted] = result.get(person.trusted, 0) + 1
    return result


def _jobs(unit: UnitOfWork) -> Samples:
    query = select(jobs.c.kind, jobs.c.state, func.count()).group_by(jobs.c.kind, jobs.c.state)
    for kind, state, n in unit.connection.execute(query):
        yield _sample("jobs", n, kind=kind, state=state)
    due = select(jobs.c.kind, func.min(jobs.c.due_at)).where(
        jobs.c.state == JobState.QUEUED.value, jobs.c.due_at <= unit.now
    )
    for kind, oldest in unit.connection.execute(due.group_by(jobs.c.kind)):
        yield _sample("job_oldest_age_seconds", (unit.now - oldest).total_seconds(), kind=kind)


def _installation(unit: UnitOfWork) -> Samples:
    tick = last_tick_at(unit)
    if tick is not None:
        yield _sample("scheduler_last_tick_timestamp_seconds", tick.timestamp())
    seen = select(facts.c.name, facts.c.at).where(facts.c.name.startswith(WORKER_SEEN, autoescape=True))
    for name, at in unit.connection.execute(seen):
        yield _sample("worker_last_seen_timestamp_seconds", at.timestamp(), worker=name[len(WORKER_SEEN) :])
    rows = unit.connection.execute(select(audit_head.c.seq)).scalar_one_or_none()
    yield _sample("audit_rows", rows or 0)
    verified, faults = unit.facts.at(AUDIT_VERIFIED), unit.facts.get(AUDIT_VERIFIED)
    if verified is not None and faults is not None:
        yield _sample("audit_verified_timestamp_seconds", verified.timestamp())
        yield _sample("audit_faults", float(faults))


def _alerts(unit: UnitOfWork) -> Samples:
    phases = [AlertPhase.PENDING.value, AlertPhase.FIRING.value]
    by = (alerts.c.rule, alerts.c.project, alerts.c.phase)
    query = select(*by, func.count()).where(alerts.c.phase.in_(phases)).group_by(*by)
    for rule, project, phase, n in unit.connection.execute(query):
        yield _sample("alerts", n, rule=rule, project=project, state=phase)
    given_up = case((alert_messages.c.given_up_at.is_not(None), "given_up"), else_="waiting")
    unsent = alert_messages.c.sent_at.is_(None)
    messages = select(alert_messages.c.channel, given_up, func.count()).where(unsent)
    for channel, state, n in unit.connection.execute(messages.group_by(alert_messages.c.channel, given_up)):
        yield _sample("alert_messages", n, channel=channel, state=state)


def _sample(name: str, value: float, **by: object) -> tuple[Tally, float]:
    return (PREFIX + name, labels(**by)), float(value)
