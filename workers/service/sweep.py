"""The periodic look: resend what was lost, free what died, start what is due. Doubling it is harmless."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from connector.config.project import ProjectSettings
from connector.errors import SecondlookError
from connector.model import CorrectionState, Project
from connector.model.jobs import JobKind, NewJob
from connector.model.lanes import job
from connector.model.moments import is_over, is_set_back
from connector.store.unit_of_work import UnitOfWork
from connector.web.intake import ingest_job
from connector.wiring import Services
from workers.detect.sharding import jobs_of_scan
from workers.people.kept import measured_fact
from workers.report.due import looks_due
from workers.service.alerting import look_for_alerts
from workers.service.outgoing import send_beside

log = structlog.get_logger(__name__)

KEPT = timedelta(days=30)  # done jobs and handled deliveries; what they did stands in the audit log
FORGOTTEN_AT_ONCE = 500  # rows in one tick, so that a tick stays short
HOOKS_EVERY = timedelta(minutes=10)
CORRECTIONS_AT_ONCE = 50  # looked after in one tick
CARRIED_OUT_BY = {
    CorrectionState.PENDING: JobKind.WRITEBACK,
    CorrectionState.REVERTING: JobKind.REVERT,
}
LAST_TICK = "last_tick"  # fact: when a scheduler was last seen


def sweep(services: Services) -> int:
    """One tick; the number of jobs announced."""
    for name in services.settings.projects:
        try:
            _plan_due_work(services, name)
        except SecondlookError as error:
            if not services.store.trouble.tells(error):
                log.warning("project skipped in this tick", project=name, reason=str(error))
    look_for_alerts(services)  # before the tick is noted down: how late it comes is looked at, too
    resend = timedelta(seconds=services.settings.worker.resend_seconds)
    lease = timedelta(seconds=services.settings.worker.lease_seconds)
    with services.store.begin() as unit:
        hastened = _hastened(unit) if is_set_back(unit.facts.at(LAST_TICK), unit.now) else 0
        unit.facts.put(LAST_TICK, unit.now.isoformat())
        expired = unit.jobs.requeue_expired(lease)
        due = unit.jobs.due(resend)
        unit.jobs.forget(unit.now - KEPT, FORGOTTEN_AT_ONCE)
        unit.deliveries.forget(unit.now - KEPT, FORGOTTEN_AT_ONCE)
    if hastened:
        log.warning("the clock was set back: jobs that waited for another try are due", jobs=hastened)
    if expired:
        log.warning("jobs of silent workers queued again", jobs=expired)
    services.queue.send(due)
    if services.settings.alerts.enabled:
        send_beside(services)
    return len(due)


def _hastened(unit: UnitOfWork) -> int:
    """What waits by a clock that was set back is tried now; the number of jobs."""
    unit.alerts.hasten_all()
    return unit.jobs.hasten_all()


def _plan_due_work(services: Services, name: str) -> None:
    project, settings = services.project(name), services.project_settings(name)
    rest = timedelta(seconds=services.settings.worker.retry_max_seconds)
    with services.store.begin() as unit:
        kinds = _due_kinds(unit, project, settings, unit.now)
        planned = [job(kind, project.id) for kind in kinds] + _unfinished(unit, project, settings)
        resting = _given_up_lately(unit, project, rest)
        for new in planned:
            if new.key not in resting:
                unit.enqueue(new)


def _given_up_lately(unit: UnitOfWork, project: Project, rest: timedelta) -> set[str | None]:
    """Keys of dead jobs that are young: work that was refused is not tried again at each tick."""
    return {one.key for one in unit.jobs.dead(project.id) if abs(unit.now - one.created_at) < rest}


def _due_kinds(unit: UnitOfWork, project: Project, settings: ProjectSettings, now: datetime) -> list[JobKind]:
    """Which periodic work of a project is due."""

    def due(last: datetime | None, every: timedelta) -> bool:
        return is_over(last, every, now)

    poll = timedelta(seconds=settings.sync.poll_seconds)
    kinds: list[JobKind] = []
    if due(project.last_sync_at, poll):
        kinds.append(JobKind.SYNC)
    if project.last_sync_at is None:
        return kinds  # everything else builds on a first sync
    if due(project.last_reconcile_at, timedelta(hours=settings.sync.reconcile_hours)):
        kinds.append(JobKind.RECONCILE)
    rescan = due(project.last_scan_at, timedelta(hours=settings.policy.scan_every_hours))
    runs = unit.jobs.runs(job(JobKind.SCAN, project.id).key) or unit.sharded_scans.running(project.id)
    if rescan and not runs:
        kinds.append(JobKind.SCAN)
    if project.review_remote_id is not None and due(project.last_collect_at, poll):
        kinds.append(JobKind.COLLECT)
    measured, refresh = unit.facts.at(measured_fact(project.id)), settings.reviewers.refresh_hours
    if project.review_remote_id is not None and due(measured, timedelta(hours=refresh)):
        kinds.append(JobKind.REVIEWERS)
    if settings.sync.webhooks and due(unit.projects.last_hooks_at(project.id), HOOKS_EVERY):
        kinds.append(JobKind.HOOKS)
    return kinds + looks_due(unit, project, settings)


def _unfinished(unit: UnitOfWork, project: Project, settings: ProjectSettings) -> list[NewJob]:
    """Work that stands in the tables and may have no job, as after a job was given up."""
    jobs: list[NewJob] = []
    if unit.deliveries.has_waiting(project.id):
        jobs.append(ingest_job(project.id))
    jobs += jobs_of_scan(unit, project.id)
    if settings.review.deadline_hours is not None:
        unit.reviews.mark_overdue(project.id, unit.now - timedelta(hours=settings.review.deadline_hours))
    if unit.reviews.undecided(project.id, 1):
        jobs.append(job(JobKind.DECIDE, project.id))
    if unit.reviews.unsent(project.id) or unit.overlaps.unsent(project.id, settings.review.extra_votes):
        jobs.append(job(JobKind.PUSH, project.id))
    for state, kind in CARRIED_OUT_BY.items():
        waiting = unit.corrections.listed(project.id, state, CORRECTIONS_AT_ONCE)
        jobs += [job(kind, project.id, {"correction": one.id}) for one in waiting]
    return jobs
