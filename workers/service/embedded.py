"""`secondlook up`: web, worker and scheduler in one process, with no broker to install."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import structlog
from celery import Celery, signals
from celery.beat import EmbeddedService, Scheduler

from connector import traces
from connector.config.keyring import broker_url
from connector.config.settings import Settings
from connector.errors import Misconfigured
from connector.queue import CeleryQueue, make_celery
from connector.web.app import create_app
from connector.web.listeners import listening, metrics_apart, server_of
from connector.wiring import Services, build
from workers.label_types.registry import codecs
from workers.report.documents import Files
from workers.service.alone import alone, watched
from workers.service.schedule import schedule
from workers.service.sweep import sweep
from workers.service.tasks import register

log = structlog.get_logger(__name__)


def run_up(settings: Settings, greet: Callable[[Services], None], file: Path | None = None) -> None:
    """Serve until interrupted; `greet` is called first. A change of the configuration `file` is said.

    Misconfigured when the port is taken, when another works in the same data folder, or without a project.
    """
    if not settings.projects:
        raise Misconfigured(
            "no project is configured", field="projects", remedy="Add one: `secondlook init`."
        )
    with (
        alone(settings.data_dir),
        listening(settings.server.host, settings.server.port) as where,
        watched(file, log.warning),
    ):
        app = make_celery(broker_url(settings).get_secret_value())
        traces.start("up")
        services = build(settings, CeleryQueue(app), codecs=codecs(), documents=Files())
        greet(services)
        schedule(app, settings.worker)
        register(app, lambda: services)
        with _signals_end_serving(), _worker(app, settings.worker.concurrency), _beat(app):
            sweep(services)
            _serve(settings, services, where)
        services.close()


@contextmanager
def _signals_end_serving() -> Iterator[None]:
    """Let uvicorn alone act on a signal; it repeats each one at its end, when jobs are still in hand."""
    before = {number: signal.signal(number, _ignored) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _ignored(number: int, frame: FrameType | None) -> None:
    del number, frame


def _serve(settings: Settings, services: Services, where: socket.socket) -> None:
    app = create_app(settings, services=services)
    with metrics_apart(services, app):
        server_of(app).run(sockets=[where])


def _keep_logging(**_: Any) -> None:
    """A receiver is all it takes for Celery to leave logging alone."""


@contextmanager
def _worker(app: Celery, concurrency: int) -> Iterator[None]:
    """A Celery worker in threads of this process; jobs in hand are finished when it stops."""
    # Celery would otherwise replace the log handlers that the command has set up.
    signals.setup_logging.connect(_keep_logging, weak=False)
    worker: Any = app.Worker(
        quiet=True,
        pool="threads",
        concurrency=concurrency,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    thread = threading.Thread(target=worker.start, name="worker", daemon=True)
    thread.start()
    try:
        yield
    finally:
        worker.stop()
        thread.join(timeout=30)


@contextmanager
def _beat(app: Celery) -> Iterator[None]:
    beat: Any = EmbeddedService(app, thread=True, scheduler_cls=Scheduler)
    beat.daemon = True
    beat.start()
    try:
        yield
    finally:
        beat.stop()
