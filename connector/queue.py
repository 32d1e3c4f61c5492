"""The job queue over Celery: messages carry job ids, by the task's wire name."""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from contextlib import suppress
from enum import StrEnum
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
PROBE = "secondlook.probe"  # routing key and Redis key of what a broker is asked to take, and forgets at once
PROBE_SECONDS = 1.0  # longest wait for one answer to that
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


class BrokerState(StrEnum):
    """What a broker makes of our login and of a message."""

    OK = "ok"
    UNREACHABLE = "unreachable"
    NO_LOGIN = "refuses the login"
    NO_MESSAGES = "takes no messages"


def broker_state(url: str) -> BrokerState:
    """Log in as the service does and have a message taken that nobody gets; takes a few seconds at most.

    A Redis that is full or a replica, and a RabbitMQ that is out of memory or disk, let everybody in.
    """
    options = {"socket_connect_timeout": PROBE_SECONDS, "socket_timeout": PROBE_SECONDS}
    if not url.startswith("redis"):
        options = {"confirm_publish": True, "read_timeout": PROBE_SECONDS, "write_timeout": PROBE_SECONDS}
    from kombu.connection import Connection

    made: Any = Connection  # kombu ships no types
    connection = made(url, connect_timeout=PROBE_SECONDS, transport_options=options)
    try:
        connection.ensure_connection(max_retries=0, interval_start=0, reraise_as_library_errors=False)
        return _taken(connection) if url.startswith("redis") else _confirmed(connection)
    except Exception as error:  # noqa: BLE001 - each client has its own tree of them
        return _refusal(error)
    finally:
        connection.collect(socket_timeout=PROBE_SECONDS)  # closing waits for an answer


def _taken(connection: Any) -> BrokerState:
    from redis.exceptions import NoPermissionError, ResponseError

    try:
        connection.default_channel.client.set(PROBE, "", px=1)
    except NoPermissionError:  # may do what the service does, for all we know
        return BrokerState.OK
    except ResponseError:
        return BrokerState.NO_MESSAGES
    return BrokerState.OK


def _confirmed(connection: Any) -> BrokerState:
    producer = connection.Producer()
    try:
        for _ in range(2):  # RabbitMQ takes the first message of a connection in any case
            producer.publish(b"", routing_key=PROBE, confirm_timeout=PROBE_SECONDS)
    except TimeoutError:
        return BrokerState.NO_MESSAGES
    return BrokerState.OK


def _refusal(error: Exception) -> BrokerState:
    from amqp.exceptions import AccessRefused, NotAllowed
    from redis.exceptions import AuthenticationError, ResponseError

    logins = (AccessRefused, NotAllowed, AuthenticationError, ResponseError)
    return BrokerState.NO_LOGIN if isinstance(error, logins) else BrokerState.UNREACHABLE


class CeleryQueue:
    """Announces jobs. A broker that is down costs time, not work: the sweep announces them again."""

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._left = False  # the last jobs were not announced, and that was said

    def send(self, job_ids: Sequence[str]) -> None:
        try:
            for job_id in job_ids:
                self._app.send_task(RUN_JOB, args=[job_id], confirm_timeout=ANSWER_SECONDS)
        except Exception as error:  # noqa: BLE001 - each client has its own tree of them: the rows stand
            if not self._left:  # said once, not for each job as long as it lasts
                self._left = True
                logs.get(__name__).warning(LEFT, jobs=len(job_ids), error=f"{type(error).__name__}: {error}")
        else:
            if self._left and job_ids:
                self._left = False
                logs.get(__name__).info("the broker takes messages again")


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
