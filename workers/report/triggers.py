"""What calls for a report: the first batch, the whole set, time, or figures that moved."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta

from connector.config.project import ProjectSettings
from connector.model import AuditTrigger, IssueKind, Project
from connector.model.moments import is_over
from connector.model.reasons import coded
from connector.store.unit_of_work import UnitOfWork
from connector.store.views import figures
from workers.report.agreement import alpha
from workers.report.compare import figures_of, moved_beyond
from workers.report.due import schedule_due
from workers.report.gather import persons
from workers.report.shapes import number
from workers.review.quality.figures import rate

A_DAY = timedelta(days=1)  # between two reports that nobody asked for
Wanted = tuple[AuditTrigger, str]


def wanted(unit: UnitOfWork, project: Project, settings: ProjectSettings) -> Wanted | None:
    """The trigger of a report that is due, with its reason as it is stored."""
    last = unit.audits.last_triggered(project.id)
    if last is not None and not is_over(last.wanted_at, A_DAY, unit.now):
        return None
    if _first_batch(unit, project):
        return AuditTrigger.FIRST_BATCH, coded(AuditTrigger.FIRST_BATCH)
    if _whole_set(unit, project, last.wanted_at if last else None):
        return AuditTrigger.WHOLE_SET, coded(AuditTrigger.WHOLE_SET)
    if schedule_due(unit, project, settings):
        days = settings.audits.every_days
        return AuditTrigger.SCHEDULE, coded(AuditTrigger.SCHEDULE, days=days)
    return _moved(unit, project, settings)


def _first_batch(unit: UnitOfWork, project: Project) -> bool:
    triggered = unit.audits.was_triggered_by(project.id, AuditTrigger.FIRST_BATCH)
    return not triggered and unit.reviews.first_batch_decided(project.id)


def _whole_set(unit: UnitOfWork, project: Project, since: datetime | None) -> bool:
    """Whether nothing waits for a review, and something was decided that no report has seen."""
    return unit.issues.decided_since(project.id, since) and not unit.issues.any_to_review(project.id)


def _moved(unit: UnitOfWork, project: Project, settings: ProjectSettings) -> Wanted | None:
    previous = unit.audits.last_done(project.id)
    if previous is None:
        return None
    result = moved_beyond(figures_of(previous), _now(unit, project, settings), settings.audits)
    if not result:
        return None
    moved = tuple(asdict(one) for one in result)
    return AuditTrigger.QUALITY, coded(AuditTrigger.QUALITY, moved=moved)


def _now(unit: UnitOfWork, project: Project, settings: ProjectSettings) -> dict[str, float | None]:
    """The figures that have limits, without the rest of a report."""
    controls = {
        state: sum(one.n for one in figures.issue_counts(unit, project.id) if _is_control(one, state))
        for state in ("accepted", "rejected")
    }
    scan = unit.issues.last_scan(project.id)
    votes = persons(figures.cast_votes(unit, project.id), settings)
    return {
        "error_rate": rate(controls["accepted"], sum(controls.values())).value,
        "agreement": alpha(votes, project.schema),
        "model_accuracy": number(scan.report.accuracy) if scan else None,
    }


def _is_control(one: figures.IssueCount, state: str) -> bool:
    return one.kind == IssueKind.CONTROL and one.state == state
