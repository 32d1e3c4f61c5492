"""A worker whose connection to the broker brings nothing any more, though messages wait there."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import structlog
from amqp.exceptions import NotFound
from billiard import active_children
from celery import Celery, signals
from celery.worker import state

log = structlog.get_logger(__name__)

RESTART_EXIT_CODE = 1  # a supervisor starts the worker again
ORDERLY_END_S = 10.0  # longest wait for an end that tells the broker, which may never answer


class SilenceWatch:
    """Decides when an idle worker must look at the queue by another way, and what it makes of it.

    A broker that restarts, or a network that forgets a connection, can leave it standing and silent. Only
    waiting messages tell that from a quiet night, so the count of those is asked for through a connection
    of its own, at most once each `patience` seconds.
    """

    def __init__(
        self, patience: float, waiting: Callable[[], int | None], clock: Callable[[], float]
    ) -> None:
        self._patience = patience
        self._waiting = waiting
        self._clock = clock
        self._quiet_since = clock()

    def heard(self) -> None:
        """A message arrived."""
        self._quiet_since = self._clock()

    def is_cut_off(self, *, busy: bool) -> bool:
        """Whether messages wait for a worker that was idle and heard nothing for `patience` seconds.

        Or whether the queue that it stands at is gone (None waiting): another worker, or it itself once it
        begins anew, makes one; nothing comes from the one that is gone.
        """
        if busy:  # one message at a time is fetched: none can arrive now
            self.heard()
        if self._clock() - self._quiet_since < self._patience:
            return False
        self.heard()
        waiting = self._waiting()
        return waiting is None or waiting > 0


def end_when_cut_off(app: Celery, patience: float) -> None:
    """End this application's worker when its broker has gone silent; its supervisor starts it again."""
    watch = SilenceWatch(patience, lambda: waiting_messages(app), time.monotonic)

    def hear(**_: Any) -> None:
        watch.heard()

    def look(**_: Any) -> None:
        if watch.is_cut_off(busy=bool(state.reserved_requests)):
            log.error("worker.cut_off", seconds=patience)
            state.should_stop = RESTART_EXIT_CODE
            last_resort = threading.Timer(ORDERLY_END_S, _end_at_once)
            last_resort.daemon = True
            last_resort.start()

    signals.task_received.connect(hear, weak=False)
    signals.heartbeat_sent.connect(look, weak=False)


def _end_at_once() -> None:
    for child in active_children():  # idle, and a job that was cut off would start again elsewhere
        os.kill(child.pid, signal.SIGKILL)
    os._exit(RESTART_EXIT_CODE)


def waiting_messages(app: Celery) -> int | None:
    """How many messages wait at the broker, asked through a new connection; 0 where it does not answer.

    None where RabbitMQ has no such queue any more. A Redis has none whenever nothing waits in it.
    """
    with app.connection_for_read() as connection:
        try:
            queue = connection.default_channel.queue_declare(app.conf.task_default_queue, passive=True)
        except NotFound:
            return None
        except (*connection.recoverable_connection_errors, *connection.recoverable_channel_errors):
            return 0  # away is not silent
        return int(queue.message_count)
