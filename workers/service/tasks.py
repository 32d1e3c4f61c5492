"""The Celery tasks: an id in, one function called."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from celery import Celery

from connector.errors import SecondlookError
from connector.model.jobs import RUN_JOB, TICK
from connector.wiring import Services
from workers.service.runner import run
from workers.service.sweep import sweep

log = structlog.get_logger(__name__)


def register(app: Celery, services: Callable[[], Services]) -> None:
    """Give the application its tasks; `services` is asked when one runs, so each process has its own."""

    @app.task(name=RUN_JOB)  # type: ignore[untyped-decorator]  # celery ships no types
    def run_job(job_id: str) -> None:
        _turn(services, lambda own: run(own, job_id))

    @app.task(name=TICK)  # type: ignore[untyped-decorator]  # celery ships no types
    def tick() -> None:
        _turn(services, sweep)


def _turn(services: Callable[[], Services], work: Callable[[Services], object]) -> None:
    """Work; a database that is away or full ends this turn in one line at most: the next tick tries again.

    One that a newer version has taken over, as while replicas are replaced one by one, is left to that; one
    that was made with another secret key is not opened.
    """
    trouble = None
    try:
        own = services()
        trouble = own.store.trouble
        own.store.require_known_schema()
        work(own)
    except SecondlookError as error:
        if trouble is None or not trouble.tells(error):
            log.warning("nothing could be done: the next tick tries again", reason=str(error))
