"""When guidelines and reports are looked after: cheap questions, asked at every tick."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from connector.config.project import ProjectSettings
from connector.model import Audit, Project
from connector.model.jobs import JobKind
from connector.model.moments import is_over
from connector.store.unit_of_work import UnitOfWork
from workers.write_back.notes import guidelines_fact

NOTES_EVERY = timedelta(minutes=10)  # confused labels are counted at most this often
AUDIT_LOOK_EVERY = timedelta(hours=1)  # so are the reasons for a report
PATIENCE = timedelta(days=1)  # with a scan that does not end: then a report says what is known


def looks_due(unit: UnitOfWork, project: Project, settings: ProjectSettings) -> list[JobKind]:
    """The jobs that look after guidelines and reports, where it is time."""
    due = {JobKind.GUIDELINES: notes_due(unit, project), JobKind.AUDIT: audit_due(unit, project, settings)}
    return [kind for kind, now in due.items() if now]


def notes_due(unit: UnitOfWork, project: Project) -> bool:
    """Whether confused labels should be looked for; first one interval after the first decision."""
    if project.review_remote_id is None:
        return False
    return _look_due(
        unit, guidelines_fact(project.id), NOTES_EVERY, lambda: unit.reviews.any_decided(project.id)
    )


def audit_due(unit: UnitOfWork, project: Project, settings: ProjectSettings) -> bool:
    """Whether a report waits for nothing any more, or the reasons for one should be looked at."""
    waiting = unit.audits.wanted(project.id)
    if waiting is not None:
        return scanned_since(unit, waiting) or is_over(waiting.wanted_at, PATIENCE, unit.now)

    def reason() -> bool:
        return unit.reviews.any_decided(project.id) or schedule_due(unit, project, settings)

    return _look_due(unit, audit_fact(project.id), AUDIT_LOOK_EVERY, reason)


def schedule_due(unit: UnitOfWork, project: Project, settings: ProjectSettings) -> bool:
    """Whether the last report, or without one the first scan, is too long ago."""
    last = unit.audits.last_triggered(project.id)
    since = last.wanted_at if last else unit.audits.first_scan_at(project.id)
    return since is not None and is_over(since, timedelta(days=settings.audits.every_days), unit.now)


def scanned_since(unit: UnitOfWork, waiting: Audit) -> bool:
    """Whether the scan that a report would name has seen what it is about: one that was under way has not."""
    last = unit.issues.last_scan(waiting.project_id)
    return last is not None and last.started_at >= waiting.wanted_at


def _look_due(unit: UnitOfWork, fact: str, every: timedelta, reason: Callable[[], bool]) -> bool:
    """Whether it is time to look again; once there is a reason to look at all, the wait begins."""
    last_at = unit.facts.at(fact)
    if last_at is None:
        if reason():
            unit.facts.put(fact, unit.now.isoformat())
        return False
    return is_over(last_at, every, unit.now)


def audit_fact(project_id: int) -> str:
    """The fact that tells when the reasons for a report were last looked at."""
    return f"audit_looked:{project_id}"
