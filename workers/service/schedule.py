"""What Celery beat sends: one tick. All that is periodic hangs on it, and two beats do no harm."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from celery import Celery
from celery.schedules import schedule as every

from connector.config.settings import WorkerSettings
from connector.model.jobs import TICK
from connector.queue import ANSWER_SECONDS


class SteadyClock:
    """The moment of its making and what has passed since: a machine's clock that is set does not reach it.

    Beat asks the schedule what time it is. By the machine's clock it would be silent for the whole step
    when that is set back.
    """

    def __init__(self, moment: datetime | None = None, steady: Callable[[], float] = time.monotonic) -> None:
        self._moment = moment or datetime.now(UTC)
        self._steady = steady
        self._then = steady()

    def __call__(self) -> datetime:
        return self._moment + timedelta(seconds=self._steady() - self._then)


def schedule(app: Celery, worker: WorkerSettings, now: Callable[[], datetime] | None = None) -> None:
    """Send the tick every `tick_seconds`; one that waits for longer than a lease lasts is dropped.

    Its end is compared with the clock of the worker's host, which may differ by as much as leases allow.
    """
    app.conf.beat_schedule = {
        "tick": {
            "task": TICK,
            "schedule": every(worker.tick_seconds, nowfun=now or SteadyClock(), app=app),
            "options": {
                "expires": max(worker.lease_seconds, worker.tick_seconds * 2),
                "confirm_timeout": ANSWER_SECONDS,
            },
        }
    }
