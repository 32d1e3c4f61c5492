"""The periodic look: resend what was lost, free what died, start what is due. Doubling it is harmless."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from connector.errors import SecondlookError
from connector.intake import ingest_job
from connector.jobs import JobKind
from connector.model import Project
from connector.project_settings import ProjectSettings
from connector.store.unit_of_work import UnitOfWork
from connector.wiring import Services
from workers.plan import job

log = structlog.get_logger(__name__)

HOOKS_EVERY = timedelta(minutes=10)
LAST_TICK = "last_tick"  # fact: when a scheduler was last seen


def sweep(services: Services) -> int:
    """One tick; the number of jobs announced."""
    for name in services.settings.projects:
        try:
            _plan_due_work(services, name)
        except SecondlookError as error:
            log.warning("project skipped in this tick", project=name, reason=str(error))
    resend = timedelta(seconds=services.settings.worker.resend_seconds)
    with services.store.begin() as unit:
        unit.facts.put(LAST_TICK, unit.now.isoformat())
        expired = unit.jobs.requeue_expired()
        due = unit.jobs.due(resend)
    if expired:
        log.warning("jobs of silent workers queued again", jobs=expired)
    services.queue.send(due)
    return len(due)


def _plan_due_work(services: Services, name: str) -> None:
    project = services.project(name)
    with services.store.begin() as unit:
        for kind in _due_kinds(unit, project, services.project_settings(name), services.clock.now()):
            unit.enqueue(job(kind, project.id))
        if unit.deliveries.has_waiting(project.id):
            unit.enqueue(ingest_job(project.id))


def _due_kinds(unit: UnitOfWork, project: Project, settings: ProjectSettings, now: datetime) -> list[JobKind]:
    """Which periodic work of a project is due."""

    def due(last: datetime | None, every: timedelta) -> bool:
        return last is None or now - last >= every

    poll = timedelta(seconds=settings.sync.poll_seconds)
    kinds: list[JobKind] = []
    if due(project.last_sync_at, poll):
        kinds.append(JobKind.SYNC)
    if project.last_sync_at is None:
        return kinds  # everything else builds on a first sync
    if due(project.last_reconcile_at, timedelta(hours=settings.sync.reconcile_hours)):
        kinds.append(JobKind.RECONCILE)
    if due(project.last_scan_at, timedelta(hours=settings.policy.scan_every_hours)):
        kinds.append(JobKind.SCAN)
    if project.review_remote_id is not None and due(project.last_collect_at, poll):
        kinds.append(JobKind.COLLECT)
    if settings.sync.webhooks and due(unit.projects.last_hooks_at(project.id), HOOKS_EVERY):
        kinds.append(JobKind.HOOKS)
    return kinds + _unfinished(unit, project)


def _unfinished(unit: UnitOfWork, project: Project) -> list[JobKind]:
    """Work that stands in the tables without a job, as after a job was given up."""
    kinds: list[JobKind] = []
    if unit.reviews.undecided(project.id, 1):
        kinds.append(JobKind.DECIDE)
    if unit.reviews.unsent(project.id):
        kinds.append(JobKind.PUSH)
    return kinds
