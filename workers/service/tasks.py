"""The Celery tasks: an id in, one function called."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

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
        with _troubles_logged(services()):
            run(services(), job_id)

    @app.task(name=TICK)  # type: ignore[untyped-decorator]  # celery ships no types
    def tick() -> None:
        with _troubles_logged(services()):
            sweep(services())


@contextmanager
def _troubles_logged(services: Services) -> Iterator[None]:
    """Let a database that is away or full end this turn in one line at most: the next tick tries again."""
    try:
        yield
    except SecondlookError as error:
        if not services.store.trouble.tells(error):
            log.warning("nothing could be done: the next tick tries again", reason=str(error))
