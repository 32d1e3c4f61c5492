"""A real broker that lets in and refuses: worker and scheduler ask again in peace, and go on."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
import tomli_w

from connector.model.jobs import TICK
from tests.support.cut_proxy import TcpProxy
from tests.support.loop import Crew, crew
from tests.support.processes import GuardedProcess, ProcessPark
from tests.support.rabbitmq import RabbitMqServer
from tests.support.redis_server import RedisServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

READY = r"celery@\S+ ready"
TICKED = rf"TaskPool: Apply .*{re.escape(TICK)}"
TRIED = "Cannot connect to"
REFUSED = "the broker refuses ticks"
WATCHED_SECONDS = 8.0  # Celery alone tried some 40 times in them, and wrote 8 tracebacks of ticks


def test_a_wrong_password_of_rabbitmq_is_tried_in_peace_until_it_is_right(
    rabbitmq_server: RabbitMqServer, processes: ProcessPark, tmp_path: Path
) -> None:
    (tmp_path / "password").touch(mode=0o600)
    (tmp_path / "password").write_text("not-yet-right")
    service = _installation(
        tmp_path, {"url": rabbitmq_server.url, "password": {"file": "password"}}, processes
    )
    worker, beat = service.worker(), service.beat()
    worker.wait_for(TRIED, timeout=60)
    beat.wait_for(REFUSED, timeout=60)
    time.sleep(WATCHED_SECONDS)
    assert worker.output.count(TRIED) <= 3
    assert beat.output.count(REFUSED) == 1
    assert "not-yet-right" not in worker.output + beat.output

    rabbitmq_server.change_password("not-yet-right")

    worker.wait_for(READY, timeout=60)
    worker.wait_for(TICKED, timeout=60)


def test_a_worker_that_is_refused_ends_when_it_is_told_to(
    rabbitmq_server: RabbitMqServer, processes: ProcessPark, tmp_path: Path
) -> None:
    (tmp_path / "password").touch(mode=0o600)
    (tmp_path / "password").write_text("wrong")
    worker = _installation(
        tmp_path, {"url": rabbitmq_server.url, "password": {"file": "password"}}, processes
    ).worker()
    worker.wait_for(TRIED, timeout=60)

    worker.stop()

    assert not worker.running


def test_a_redis_that_becomes_a_replica_is_left_for_the_one_that_its_name_leads_to(
    redis_server: RedisServer, processes: ProcessPark, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    with (
        TcpProxy("127.0.0.1", redis_server.port) as name,
        RedisServer(tmp_path / "other") as promoted,
    ):
        service = _installation(tmp_path, {"url": f"redis://127.0.0.1:{name.port}/0"}, processes)
        worker, beat = service.worker(), service.beat()
        worker.wait_for(TICKED, timeout=60)
        with redis_server.client() as client:
            client.execute_command("REPLICAOF", "127.0.0.1", str(promoted.port))
        time.sleep(WATCHED_SECONDS)
        assert worker.output.count(TRIED) <= 3
        assert beat.output.count(REFUSED) == 1

        name.upstream = ("127.0.0.1", promoted.port)

        _wait_for_ticks(worker, worker.output.count(TICK) + 2)
        assert beat.running


def _wait_for_ticks(worker: GuardedProcess, ticks: int) -> None:
    deadline = time.monotonic() + 60
    while worker.output.count(TICK) < ticks and time.monotonic() < deadline:
        time.sleep(0.5)
    assert worker.output.count(TICK) >= ticks


def _installation(folder: Path, broker: Mapping[str, object], processes: ProcessPark) -> Crew:
    config = {
        "data_dir": "data",
        "broker": broker,
        "log": {"level": "debug"},
        "worker": {"tick_seconds": 1.0},
    }
    path = folder / "secondlook.toml"
    path.write_bytes(tomli_w.dumps(config).encode())
    return crew(path, processes)
