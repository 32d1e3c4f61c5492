"""A broker that refuses: who receives and who schedules try again at intervals, and say it in a line."""

from __future__ import annotations

import time
from typing import Any

import structlog
from celery.beat import Scheduler, SchedulingError
from celery.worker.consumer import Consumer
from celery.worker.state import maybe_shutdown

log = structlog.get_logger(__name__)

BETWEEN_TRIES_S = 10.0
LOOK_S = 0.2  # for an end that is asked for meanwhile


class PatientConsumer(Consumer):  # type: ignore[misc]  # celery ships no types
    """Begins anew at most every `BETWEEN_TRIES_S`.

    Celery waits longer and longer for a broker that is away. One that lets it in and then refuses (a wrong
    password of RabbitMQ, a Redis that is full or a replica) it asked five times a second.
    """

    _last_error = float("-inf")

    def on_connection_error_before_connected(self, exc: Exception) -> None:
        super().on_connection_error_before_connected(exc)
        self._pause()

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        super().on_connection_error_after_connected(exc)
        self._pause()

    def _pause(self) -> None:
        """The first error of its kind costs no time: mostly a connection was lost."""
        until = self._last_error + BETWEEN_TRIES_S
        while time.monotonic() < until:
            maybe_shutdown()
            time.sleep(LOOK_S)
        self._last_error = time.monotonic()


class PatientScheduler(Scheduler):  # type: ignore[misc]  # celery ships no types
    """Says once that its ticks are refused, and is not ended by a refused login. It keeps no file."""

    _refused = False

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        try:
            self.apply_async(entry, producer=producer, advance=False)
        except SchedulingError as error:
            self._refuse(error)
        else:
            if self._refused:
                self._refused = False
                log.info("ticks are taken again")

    def _ensure_connected(self) -> Any:
        while True:
            try:
                return super()._ensure_connected()
            except Exception as error:  # noqa: BLE001 - each client has its own tree of them
                self._refuse(error)
            time.sleep(BETWEEN_TRIES_S)

    def _refuse(self, error: Exception) -> None:
        if not self._refused:
            self._refused = True
            log.warning("the broker refuses ticks; they are tried again", error=str(error))
