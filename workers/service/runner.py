"""Runs one job: claims its row, keeps the lease, calls the handler, settles what became of it."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any

import structlog

from connector import traces
from connector.config.settings import Settings
from connector.errors import Misconfigured, Rejected, Retryable, SecondlookError
from connector.model import Json, Project
from connector.model.jobs import Claim, JobKind
from connector.model.lanes import job as plan_job
from connector.model.metrics import Tally, counted, timed
from connector.platforms.http import CALLS
from connector.store.repositories.tallies import WORKER_SEEN
from connector.traces import SpanRole
from connector.wiring import Services
from workers.context import Context, Progress, Summary, no_progress
from workers.service.handlers import handler_for
from workers.service.outages import begin_outage, end_outage, reclassified
from workers.service.retries import Fate, fate_of

log = structlog.get_logger(__name__)

LANE_POLL_SECONDS = 0.2
SHORT_FIRST = 100  # short jobs before a long one, which must have its turn too


@dataclass(frozen=True)
class JobResult:
    """What became of a job that was run in the foreground."""

    job_id: str
    kind: JobKind
    seconds: float
    summary: Summary = field(default_factory=dict)


def run(services: Services, job_id: str, progress: Progress = no_progress) -> bool:
    """Run a job if it is due and free; whether it ran. Its errors end in the job's row, never here.

    Before one that takes long, the short ones that are due are run: the scans of many projects would
    otherwise take every worker, and webhooks wait behind them.
    """
    with services.store.read() as unit:
        short = unit.jobs.short_before(job_id, SHORT_FIRST)
    for before in short:
        _run(services, before, no_progress)
    return _run(services, job_id, progress)


def _run(services: Services, job_id: str, progress: Progress) -> bool:
    claim = services.store.claim(job_id)
    if claim is None:
        return False
    with _span(claim) as span:
        _run_claimed(services, claim, progress, span)
    return True


def _span(claim: Claim) -> AbstractContextManager[Any]:
    job = claim.job
    which = {"secondlook.job": job.id, "secondlook.kind": job.kind.value, "secondlook.attempt": job.attempts}
    return traces.span(f"job {job.kind.value}", SpanRole.CONSUMER, which, linked=job.traceparent)


def _run_claimed(services: Services, claim: Claim, progress: Progress, span: Any) -> None:
    """The errors of the handler end in the job's row; its span bears their kind."""
    started = services.clock.now()
    with structlog.contextvars.bound_contextvars(job=claim.job.id, kind=claim.job.kind.value):
        try:
            summary = _handle(services, claim, progress)
        except Exception as error:  # noqa: BLE001 - the one place where every failure gets its fate
            traces.failed(span, error)
            end = partial(_settle_failure, services, claim, error, started)
        else:
            log.info("job done", **summary)
            end = partial(_finish, services, claim, started)
        try:
            end()
        except SecondlookError as error:
            if not services.store.trouble.tells(error):
                log.warning("job left to the end of its lease", reason=str(error))


def run_inline(
    services: Services,
    project_name: str,
    kind: JobKind,
    payload: Json | None = None,
    progress: Progress = no_progress,
    wait_seconds: float = 60.0,
) -> JobResult:
    """Run a job of a project here and now, and raise what it raises; for the command line.

    Waits up to `wait_seconds` for a worker that holds the same lane, then raises Retryable.
    """
    project = services.project(project_name)
    planned = plan_job(kind, project.id, payload)
    started = time.monotonic()
    while True:
        with services.store.begin() as unit:
            job_id = unit.jobs.add(planned) or unit.jobs.queued(planned.key or "")
            if job_id is not None:
                unit.jobs.hasten(job_id)
        claim = None if job_id is None else services.store.claim(job_id)
        if claim is not None:
            break
        if time.monotonic() - started > wait_seconds:
            msg = f"another worker is busy with the {kind.value} of {project_name!r}; try again later"
            raise Retryable(msg)
        time.sleep(LANE_POLL_SECONDS)
    claimed = services.clock.now()
    try:
        summary = _handle(services, claim, progress)
    except Exception as error:
        _settle_failure(services, claim, error, claimed, worded=isinstance(error, SecondlookError))
        raise
    _finish(services, claim, claimed)
    return JobResult(claim.job.id, kind, time.monotonic() - started, summary)


def _handle(services: Services, claim: Claim, progress: Progress) -> Summary:
    project = _bound_project(services, claim)
    _refuse_deadly(services, claim)
    context = Context(services, claim, project, progress)
    with structlog.contextvars.bound_contextvars(project=project.name), _alive(services, claim):
        with _settings_named(project.name):
            summary = handler_for(claim.job.kind)(context)
        if project.paused_reason is not None:
            _resume(services, project, claim.job.kind)
    return summary


@contextmanager
def _settings_named(project: str) -> Iterator[None]:
    """A platform adapter names a setting of the project; a person needs the whole key."""
    try:
        yield
    except Misconfigured as error:
        if error.field.partition(".")[0] in Settings.model_fields:
            raise
        raise Misconfigured(
            error.problem, field=f"projects.{project}.{error.field}", remedy=error.remedy
        ) from error


def _refuse_deadly(services: Services, claim: Claim) -> None:
    """Give up a job that ends its workers: no error of theirs has ever counted its tries."""
    died = claim.job.attempts - 1
    if died >= services.settings.worker.max_attempts:
        msg = f"{died} workers that ran this job ended or stopped showing life"
        raise Rejected(msg)


def _bound_project(services: Services, claim: Claim) -> Project:
    with services.store.read() as unit:
        known = unit.projects.get(claim.job.project_id)
    return services.as_configured(known)


def _resume(services: Services, project: Project, done: JobKind) -> None:
    """End the pause, if what has succeeded is what had failed."""
    with services.store.begin() as unit:
        if unit.facts.get(_paused_by(project.id)) not in (None, done.value):
            return
        unit.projects.resume(project.id)
        unit.audit.append("secondlook", "project.resumed", project.name, {}, project.name)


def _finish(services: Services, claim: Claim, started: datetime) -> None:
    with CALLS.taken() as calls, services.store.begin() as unit:
        unit.jobs.finish(claim)
        unit.tallies.add(calls, *_ended(claim, "done", started, unit.now))
        unit.facts.put(worker_fact(), unit.now.isoformat())
        end_outage(unit, claim)
        following = unit.jobs.next_in_lane(claim.job.lane)
    if following is not None:
        services.queue.send([following])


def _ended(claim: Claim, outcome: str, started: datetime, now: datetime) -> list[dict[Tally, float]]:
    """What a run adds to the tallies. Only the first try waited for a worker; later ones, on purpose."""
    kind = claim.job.kind.value
    waited = max((started - claim.job.due_at).total_seconds(), 0.0)  # the clock may have been set back
    return [
        counted("jobs_finished_total", kind=kind, outcome=outcome),
        timed("job_duration_seconds", max((now - started).total_seconds(), 0.0), kind=kind),
        *([timed("job_wait_seconds", waited, kind=kind)] if claim.job.attempts == 1 else []),
    ]


def worker_fact() -> str:
    """The fact that says when a worker of this machine last did something."""
    return f"{WORKER_SEEN}{socket.gethostname()}"[:64]


def _settle_failure(
    services: Services, claim: Claim, error: Exception, started: datetime, *, worded: bool = False
) -> None:
    """Settle what becomes of a failed job; `worded` where the caller says the reason itself."""
    error = reclassified(error)
    limits = services.settings.worker
    sentence = fate_of(error, claim.job.attempts, limits, Random())  # noqa: S311 - jitter, not a secret
    reason = str(error) if isinstance(error, SecondlookError) else f"{type(error).__name__}: {error}"
    worded = worded or services.store.trouble.tells(error)
    log.log(
        logging.DEBUG if worded else _level(sentence.fate),
        "job failed",
        fate=sentence.fate.value,
        reason=reason,
        exc_info=not isinstance(error, SecondlookError),
    )
    now = services.clock.now()
    with CALLS.taken() as calls, services.store.begin() as unit:
        unit.tallies.add(calls, *_ended(claim, sentence.fate.value, started, now))
        if sentence.fate is Fate.BURY:
            unit.jobs.bury(claim, reason)
        elif sentence.fate is not Fate.DROP:
            unit.jobs.retry(claim, now + timedelta(seconds=sentence.wait), reason, counts=sentence.counts)
        if isinstance(error, Retryable) and error.outage:
            begin_outage(unit, claim, reason)
        elif sentence.fate in (Fate.BURY, Fate.PAUSE):
            end_outage(unit, claim)
        if isinstance(error, Misconfigured):
            unit.projects.pause(claim.job.project_id, reason)
            unit.facts.put(_paused_by(claim.job.project_id), claim.job.kind.value)
        following = unit.jobs.next_in_lane(claim.job.lane)
    if following is not None:
        services.queue.send([following])


def _paused_by(project_id: int) -> str:
    """The fact that names the kind of job whose failure paused a project."""
    return f"paused_by:{project_id}"


def _level(fate: Fate) -> int:
    return {Fate.RETRY: 30, Fate.DROP: 30, Fate.PAUSE: 40, Fate.BURY: 40}[fate]


@contextmanager
def _alive(services: Services, claim: Claim) -> Iterator[None]:
    """Keep the lease while the handler works, from a thread of its own."""
    ended = threading.Event()
    pause = services.settings.worker.lease_seconds / 3

    def beat() -> None:
        while not ended.wait(pause):
            try:
                if not services.store.heartbeat(claim):
                    return  # the fence in the next commit stops the handler
            except SecondlookError as error:
                if not services.store.trouble.tells(error):
                    log.warning("heartbeat failed", reason=str(error))

    thread = threading.Thread(target=beat, name=f"lease-{claim.job.id[:8]}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(timeout=pause)
