"""Webhook intake, each delivery stored durably, against an endpoint that does nothing."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import httpx
from deliveries import Target, deliver, deliver_at, target
from lines import Line, figures, interleaved, percentile, rates
from scene import Scene, choice

from connector.config.file import load
from connector.model import Role
from connector.platforms.webhooks import SECRET_HEADER
from connector.wiring import Services
from tests.support.postgres import PostgresServer
from workers.demo.server import free_port
from workers.demo.service import PROJECT

DELIVERIES, QUICK_DELIVERIES = 8_000, 2_000  # in one round
ROUNDS, QUICK_ROUNDS = 5, 2
SENDERS = 64  # connections: annotators who press Submit at the same time, and a storm
PACE, PACED_S, QUICK_PACED_S = 1_000.0, 10.0, 2.0  # deliveries a second, whether the last was answered or not
STORM, QUICK_STORM = 50_000, 3_000  # deliveries at once, as fast as they are taken
START_S = 60.0
NO_SERVER = "http://127.0.0.1:9"  # intake asks no platform


def measure(scene: Scene) -> Iterator[Line]:
    """Both in processes of their own, the same request over the same number of connections."""
    yield _measured(scene, "webhook_intake", {})
    with PostgresServer() as postgres, postgres.fresh_database() as url:
        yield _measured(scene, "webhook_intake_postgresql", {"url": url})


def _measured(scene: Scene, name: str, database: Mapping[str, str]) -> Line:
    n = QUICK_DELIVERIES if scene.quick else DELIVERIES
    config = scene.config(url=NO_SERVER)
    if database:
        config.write_text(config.read_text() + f'[database]\nurl = "{database["url"]}"\n')
    services = scene.services(config)
    port, spare = load(config).server.port, free_port()
    latencies: dict[int, list[list[float]]] = {port: [], spare: []}

    def rate_at(where: Target) -> Callable[[], float]:
        def rate() -> float:
            seconds, seen = deliver(where, n, SENDERS)
            latencies[where.port].append(seen)
            p99 = percentile(seen, 0.99) * 1000
            scene.say(f"   {'ours' if where.port == port else 'bare'} {n / seconds:.0f}/s, p99 {p99:.1f} ms")
            return n / seconds

        return rate

    ours = _request(services, port)
    peer = Target(spare, ours.request)
    web = [sys.executable, "-m", "workers.cli", "--config", str(config), "web"]
    bare = [sys.executable, str(Path(__file__).with_name("bare_app.py")), str(spare)]
    with (
        running_process(web, port, config.with_name("web.log")),
        running_process(bare, spare, config.with_name("bare.log")),
    ):
        for where in (ours, peer):
            deliver(where, SENDERS * 5, SENDERS)
        rounds = QUICK_ROUNDS if scene.quick else ROUNDS
        found = interleaved(rounds, rate_at(ours), rate_at(peer))
        paced = deliver_at(ours, PACE, QUICK_PACED_S if scene.quick else PACED_S, SENDERS)
        n_storm = QUICK_STORM if scene.quick else STORM
        seconds, storm = deliver(ours, n_storm, SENDERS)
        longest = 1000 * max(storm)
        scene.say(f"   a storm of {n_storm} took {seconds:.0f} s, the slowest answer {longest:.0f} ms")
    sent = rounds * n + SENDERS * 5 + len(paced) + n_storm
    return rates(
        name,
        *found,
        "deliveries/s",
        senders=SENDERS,
        bytes=len(ours.request),
        **_tails("ours", latencies[port]),
        **_tails("peer", latencies[spare]),
        paced_per_s=PACE,
        **_tails("paced", [paced]),
        storm=n_storm,
        storm_per_s=figures(n_storm / seconds),
        storm_longest_ms=figures(longest),
        all_stored=_stored(services) == sent,
    )


def _tails(side: str, rounds: list[list[float]]) -> dict[str, float]:
    """Median and 99th percentile in milliseconds: of each round, then the median of the rounds."""
    shares = {"p50": 0.5, "p99": 0.99}
    return {
        f"{side}_{name}_ms": figures(1000 * median(percentile(seen, share) for seen in rounds))
        for name, share in shares.items()
    }


def _request(services: Services, port: int) -> Target:
    """A delivery as Label Studio sends it when someone submits an annotation."""
    annotation = {"id": 5, "task": 3, "completed_by": 1, "updated_by": 1, "result": [choice("billing")]}
    body = {
        "action": "ANNOTATION_CREATED",
        "annotation": annotation,
        "task": {"id": 3, "data": {"text": "words " * 50}},
        "project": {"id": 1, "title": "Tickets", "label_config": "<View/>" * 100},
    }
    key = services.keyring.webhook_path_key(PROJECT, Role.SOURCE)
    secret = services.keyring.webhook_secret(PROJECT, Role.SOURCE).get_secret_value()
    path = f"/hooks/{PROJECT}/{Role.SOURCE.value}/{key}"
    return target(port, path, {SECRET_HEADER: secret}, json.dumps(body).encode())


def _stored(services: Services) -> int:
    project = services.project(PROJECT)
    with services.store.read() as unit:
        return len(unit.deliveries.waiting(project.id, sys.maxsize))


@contextmanager
def running_process(command: list[str], port: int, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a web process until the block ends."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        _wait_for(process, port, log)
        yield process
    finally:
        process.terminate()
        process.wait()


def _wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(f"http://127.0.0.1:{port}/health", timeout=5)
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    msg = f"{' '.join(process.args)} did not start: {log.read_text()[-2000:]}"  # type: ignore[arg-type]
    raise RuntimeError(msg)
