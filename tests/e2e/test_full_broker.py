"""A real Redis at its maxmemory: what is announced waits for the database's word, and nothing ends."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
import tomli_w

from connector.model.jobs import TICK
from connector.queue import CeleryQueue, make_celery
from tests.support.loop import crew
from tests.support.processes import ProcessPark
from tests.support.redis_server import RedisServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(200)]

READY = r"celery@\S+ ready"
TICKED = rf"TaskPool: Apply .*{re.escape(TICK)}"
FULL_SECONDS = 8.0


def test_a_broker_without_memory_costs_time_and_no_process(
    redis_server: RedisServer, processes: ProcessPark, tmp_path: Path
) -> None:
    config = {
        "data_dir": "data",
        "broker": {"url": redis_server.url},
        "log": {"level": "debug"},
        "worker": {"tick_seconds": 1.0},
    }
    path = tmp_path / "secondlook.toml"
    path.write_bytes(tomli_w.dumps(config).encode())
    service = crew(path, processes)
    worker, beat = service.worker(), service.beat()
    worker.wait_for(READY, timeout=60)
    worker.wait_for(TICKED, timeout=30)
    with redis_server.client() as client:
        client.config_set("maxmemory", "1")
        CeleryQueue(make_celery(redis_server.url)).send(["a", "b"])  # raises nothing, and waits for nobody
        time.sleep(FULL_SECONDS)
        ticks = len(re.findall(TICKED, worker.output))
        client.config_set("maxmemory", "0")
    deadline = time.monotonic() + 60
    while len(re.findall(TICKED, worker.output)) < ticks + 3 and time.monotonic() < deadline:
        time.sleep(0.5)

    assert len(re.findall(TICKED, worker.output)) >= ticks + 3
    assert worker.running
    assert beat.running
