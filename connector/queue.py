"""The job queue over Celery: messages carry job ids, by the task's wire name."""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from connector import logs
from connector.model.jobs import RUN_JOB
from connector.ports import JobQueue

# Celery is imported where it is used: a command beside no worker announces nothing.
if TYPE_CHECKING:
    from celery import Celery

VISIBILITY_SECONDS = 3600  # Redis: what is not acknowledged by then is delivered again
ANSWER_SECONDS = 5.0  # longest wait for one answer of the broker
MOST_WAITING = 1_000  # transactions whose jobs wait to be announced
LEFT = "jobs wait for the next sweep"
SEND_RETRY = {"max_retries": 1, "interval_start": 0.1, "interval_step": 0.2}


def make_celery(broker_url: str) -> Celery:
    """A Celery application without tasks or connections.

    Messages are acknowledged late and fetched one at a time: a killed worker's message comes back, and
    the job row decides whether there is anything left to do. Results stay off; the database holds them.
    """
    from celery import Celery

    in_memory = broker_url.startswith("memory://")
    app = Celery("secondlook", broker="memory://localhost//" if in_memory else broker_url, backend=None)
    options: dict[str, Any] = {}
    if in_memory:
        options["polling_interval"] = 0.005  # the default of a second allows only a few jobs a second
    if broker_url.startswith("redis"):
        options["visibility_timeout"] = VISIBILITY_SECONDS
        options["socket_connect_timeout"] = options["socket_timeout"] = ANSWER_SECONDS
        options["socket_keepalive"] = True
    app.conf.update(
        broker_transport_options=options,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,  # a broker may be away for hours; the work is in the database
        # A Redis at its maxmemory refuses what a worker notes down there; without this the worker would end.
        broker_channel_error_retry=True,
        task_acks_late=True,
        task_ignore_result=True,
        task_default_queue="secondlook",
        task_publish_retry=True,
        task_publish_retry_policy=SEND_RETRY,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        # Its queue is exclusive on RabbitMQ: a worker of the same name, or one that starts before the broker
        # has noticed the death of its forerunner, could not start.
        worker_enable_remote_control=False,
        worker_soft_shutdown_timeout=20.0,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        task_serializer="json",
        accept_content=["json"],
        enable_utc=True,
    )
    return app


def confirm_what_is_sent(app: Celery) -> None:
    """Have RabbitMQ confirm the messages that this process sends; before it has sent any.

    Else they go into a connection that stands and brings nothing, and nobody hears of it. Not for the
    process that receives them: Celery waits without end there for the confirmation of its heartbeats.
    """
    app.conf.broker_transport_options = {**app.conf.broker_transport_options, "confirm_publish": True}


class CeleryQueue:
    """Announces jobs. A broker that is down costs time, not work: the sweep announces them again."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def send(self, job_ids: Sequence[str]) -> None:
        from kombu.exceptions import KombuError

        try:
            for job_id in job_ids:
                self._app.send_task(RUN_JOB, args=[job_id], confirm_timeout=ANSWER_SECONDS)
        except (KombuError, OSError) as error:
            logs.get(__name__).warning(LEFT, jobs=len(job_ids), error=type(error).__name__)
        except Exception:  # noqa: BLE001 - what no client should raise: the rows stand all the same
            logs.get(__name__).exception(LEFT, jobs=len(job_ids))


class BesideQueue:
    """Announces from a thread of its own: a broker that is silent holds up nobody who stores a delivery.

    What it has no room for, and what it still holds when the process ends, the sweep announces.
    """

    def __init__(self, announcing: JobQueue) -> None:
        self._announcing = announcing
        self._waiting: queue.Queue[Sequence[str]] = queue.Queue(MOST_WAITING)
        threading.Thread(target=self._announce, name="announcing", daemon=True).start()

    def send(self, job_ids: Sequence[str]) -> None:
        with suppress(queue.Full):
            self._waiting.put_nowait(tuple(job_ids))

    def _announce(self) -> None:
        while True:
            self._announcing.send(self._waiting.get())


class SilentQueue:
    """For commands that run beside no worker: the rows wait for the next sweep of a running service."""

    def send(self, job_ids: Sequence[str]) -> None:
        del job_ids
