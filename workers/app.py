"""The Celery application: `celery -A workers.app worker` and `celery -A workers.app beat`.

Nothing is built at import: Celery asks this module for `app`, which then reads the configuration.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

from celery import Celery, signals

from connector import traces
from connector.config.file import load
from connector.config.keyring import broker_url
from connector.config.private import private_folder
from connector.logs import configure
from connector.queue import CeleryQueue, confirm_what_is_sent, make_celery
from connector.wiring import Services, build
from workers.label_types.registry import codecs
from workers.service.patience import PatientConsumer, PatientScheduler
from workers.service.schedule import schedule
from workers.service.silence import end_when_cut_off
from workers.service.tasks import register

HEARTBEAT_FILE = "worker-heartbeat"  # in data_dir: touched while the worker's loop runs, for liveness probes


PATIENT_CONSUMER = f"{PatientConsumer.__module__}:{PatientConsumer.__qualname__}"
PATIENT_SCHEDULER = f"{PatientScheduler.__module__}:{PatientScheduler.__qualname__}"


def __getattr__(name: str) -> Any:
    """Build `app` when it is first asked for (PEP 562)."""
    if name != "app":
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return _application()


@cache
def _application() -> Celery:
    settings = load()
    app = make_celery(broker_url(settings).get_secret_value())
    schedule(app, settings.worker)
    app.conf.update(worker_consumer=PATIENT_CONSUMER, beat_scheduler=PATIENT_SCHEDULER)
    register(app, lambda: _services(os.getpid()))
    signals.setup_logging.connect(_log_setup, weak=False)
    end_when_cut_off(app, settings.worker.silence_seconds)
    signals.heartbeat_sent.connect(_touch_heartbeat, weak=False)
    signals.worker_process_shutdown.connect(_send_traces, weak=False)
    for sends in (signals.worker_process_init, signals.beat_init):
        sends.connect(_confirm, weak=False)
    return app


@cache
def _services(_pid: int) -> Services:
    """Services of this process: connections must not be shared across a fork."""
    settings = load()
    traces.start("worker")  # in each process of its own, after the fork
    return build(settings, CeleryQueue(_application()), codecs=codecs())


def _confirm(**_: Any) -> None:
    confirm_what_is_sent(_application())


def _log_setup(**_: Any) -> None:
    configure(load().log)


def _send_traces(**_: Any) -> None:
    # A process of the pool ends without what others do at their exit. Not after each job: a collector that
    # is away would hold each of them up.
    traces.flush()


def _touch_heartbeat(**_: Any) -> None:
    folder = _data_dir()
    private_folder(folder)
    (folder / HEARTBEAT_FILE).touch(mode=0o600)


@cache
def _data_dir() -> Path:
    return load().data_dir
