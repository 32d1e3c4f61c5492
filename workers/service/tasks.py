"""The Celery tasks: an id in, one function called."""

from __future__ import annotations

from collections.abc import Callable

from celery import Celery

from connector.model.jobs import RUN_JOB, TICK
from connector.wiring import Services
from workers.service.runner import run
from workers.service.sweep import sweep


def register(app: Celery, services: Callable[[], Services]) -> None:
    """Give the application its tasks; `services` is asked when one runs, so each process has its own."""

    @app.task(name=RUN_JOB)  # type: ignore[untyped-decorator]  # celery ships no types
    def run_job(job_id: str) -> None:
        run(services(), job_id)

    @app.task(name=TICK)  # type: ignore[untyped-decorator]  # celery ships no types
    def tick() -> None:
        sweep(services())
