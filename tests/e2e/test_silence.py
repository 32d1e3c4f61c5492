"""A connection to a real broker that stands and brings nothing: worker and scheduler notice."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import tomli_w

from connector.model.jobs import TICK
from tests.support.cut_proxy import TcpProxy
from tests.support.loop import Crew, crew
from tests.support.processes import ProcessPark
from tests.support.rabbitmq import RabbitMqServer
from tests.support.redis_server import RedisServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

READY = r"celery@\S+ ready"
TICKED = rf"TaskPool: Apply .*{re.escape(TICK)}"
SILENCE_SECONDS = 4.0


@pytest.fixture(params=["redis", "rabbitmq"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[int, str, str]:
    """Port, URL and password of a real broker."""
    if request.param == "redis":
        redis: RedisServer = request.getfixturevalue("redis_server")
        return redis.port, redis.url, ""
    rabbitmq: RabbitMqServer = request.getfixturevalue("rabbitmq_server")
    return rabbitmq.port, rabbitmq.url, rabbitmq.password


def test_a_worker_whose_broker_went_silent_ends_and_its_scheduler_goes_on(
    broker: tuple[int, str, str], postgres_url: str, processes: ProcessPark, tmp_path: Path
) -> None:
    port, url, password = broker
    with TcpProxy("127.0.0.1", port) as proxy:
        proxied = url.replace(f":{port}/", f":{proxy.port}/")
        behind = _installation(tmp_path / "behind", proxied, password, postgres_url, processes)
        worker = behind.worker()
        worker.wait_for(READY, timeout=60)
        behind.beat()
        worker.wait_for(TICKED, timeout=30)

        proxy.freeze()

        assert worker.wait(timeout=90) == 1
        assert "worker.cut_off" in worker.output
        behind.worker().wait_for(TICKED, timeout=30)


def _installation(folder: Path, url: str, password: str, database: str, processes: ProcessPark) -> Crew:
    folder.mkdir()
    broker: dict[str, object] = {"url": url}
    if password:
        (folder / "password").touch(mode=0o600)
        (folder / "password").write_text(password)
        broker["password"] = {"file": "password"}
    config = {
        "data_dir": "data",
        "broker": broker,
        "database": {"url": database},
        "log": {"level": "debug"},
        "worker": {"tick_seconds": 1.0, "silence_seconds": SILENCE_SECONDS},
    }
    path = folder / "secondlook.toml"
    path.write_bytes(tomli_w.dumps(config).encode())
    return crew(path, processes)
