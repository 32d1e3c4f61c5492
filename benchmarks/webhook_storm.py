"""A storm of webhooks from Argilla, most of them repeated, against an endpoint that does nothing."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from argilla_scene import argilla_config, argilla_for, filled_dataset
from deliveries import target
from lines import Line, figures, interleaved, rates
from scene import Scene
from sqlalchemy import func, select
from standardwebhooks import Webhook
from webhook_intake import running_process

from connector.config.file import load
from connector.model import Role
from connector.model.jobs import JobKind
from connector.ports import WebhookRegistrar
from connector.store.tables import deliveries
from connector.wiring import Services
from workers.demo.server import free_port
from workers.demo.service import PROJECT
from workers.service.runner import run_inline

EVENTS, QUICK_EVENTS = 1_000, 100  # different ones in a round
RECORDS = 50  # that they are about
ATTEMPTS = 5  # to deliver each
ROUNDS, QUICK_ROUNDS = 3, 2
SENDERS = 8


def measure(scene: Scene) -> Iterator[Line]:
    """Both get the same signed requests; then our jobs handle what was stored."""
    n = QUICK_EVENTS if scene.quick else EVENTS
    rounds = QUICK_ROUNDS if scene.quick else ROUNDS
    with argilla_for(scene) as argilla:
        dataset, records = filled_dataset(argilla, RECORDS)
        config = argilla_config(scene, argilla, dataset)
        services = scene.services(config)
        run_inline(services, PROJECT, JobKind.SYNC)
        secret, path = _registered(services, dataset)
        port, spare = load(config).server.port, free_port()
        sent = iter(range(sys.maxsize))

        def rate_at(where: int, name: str) -> Callable[[], float]:
            def rate() -> float:
                requests = _storm(records, n, next(sent), secret, path, where)
                seconds = asyncio.run(_deliver(where, requests))
                scene.say(f"   {name} {len(requests) / seconds:.0f}/s")
                return len(requests) / seconds

            return rate

        web = [sys.executable, "-m", "workers.cli", "--config", str(config), "web"]
        bare = [sys.executable, str(Path(__file__).with_name("bare_app.py")), str(spare)]
        with (
            running_process(web, port, config.with_name("web.log")),
            running_process(bare, spare, config.with_name("bare.log")),
        ):
            found = interleaved(rounds, rate_at(port, "ours"), rate_at(spare, "bare"))
        stored = _count(services, handled=False)
        began, fetched = time.perf_counter(), _ingest(services)
        yield rates(
            "webhook_storm",
            *found,
            "deliveries/s",
            deliveries=n * ATTEMPTS,
            different=n,
            records=RECORDS,
            senders=SENDERS,
            none_lost=stored == n * rounds,
            each_handled_once=_count(services, handled=True) == n * rounds,
            records_fetched=fetched,
            handled_s=figures(time.perf_counter() - began),
        )


def _registered(services: Services, dataset: str) -> tuple[str, str]:
    """Our webhook at the server: the secret that it signs with, and the path that it calls."""
    source, keyring = services.source(PROJECT), services.keyring
    url = keyring.webhook_url(PROJECT, Role.SOURCE)
    if isinstance(source, WebhookRegistrar):
        source.ensure_webhook(
            Role.SOURCE, dataset, url, keyring.webhook_secret(PROJECT, Role.SOURCE).get_secret_value()
        )
    (secret,) = services.webhook_secrets(PROJECT, Role.SOURCE)
    return secret, f"/hooks/{PROJECT}/{Role.SOURCE.value}/{keyring.webhook_path_key(PROJECT, Role.SOURCE)}"


def _storm(records: Sequence[str], number: int, storm: int, secret: str, path: str, port: int) -> list[bytes]:
    """Requests for so many events, each in several attempts with an id of its own, well mixed."""
    now, webhook = datetime.now(UTC), Webhook(secret)
    requests = []
    for attempt in range(ATTEMPTS):
        for n in range(number):
            data = {"id": records[n % len(records)], "fields": {"text": "words " * 50}}
            body = json.dumps(
                {"type": "record.updated", "version": 1, "timestamp": f"{storm}.{n}", "data": data}
            )
            message = f"msg_{storm}_{n}_{attempt}"
            headers = {
                "Webhook-Id": message,
                "Webhook-Timestamp": str(int(now.timestamp())),
                "Webhook-Signature": webhook.sign(message, now, body),
            }
            requests.append(target(port, path, headers, body.encode()).request)
    return requests


async def _deliver(port: int, requests: Sequence[bytes]) -> float:
    """Deliver all over a few connections, each with one request under way; seconds."""
    waiting = iter(requests)
    open_ = [await asyncio.open_connection("127.0.0.1", port) for _ in range(SENDERS)]

    async def send(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for request in waiting:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 202"):
                status = head.partition(b"\r\n")[0].decode()
                msg = f"a delivery was answered with {status}"
                raise RuntimeError(msg)

    began = time.perf_counter()
    await asyncio.gather(*(send(*streams) for streams in open_))
    seconds = time.perf_counter() - began
    for _, writer in open_:
        writer.close()
        await writer.wait_closed()
    return seconds


def _ingest(services: Services) -> int:
    """Handle all that waits; how many records were fetched for it."""
    fetched = 0
    while (summary := run_inline(services, PROJECT, JobKind.INGEST).summary)["deliveries"]:
        fetched += summary["fetched"]
    return fetched


def _count(services: Services, *, handled: bool) -> int:
    done = deliveries.c.handled_at.is_not(None) if handled else deliveries.c.handled_at.is_(None)
    with services.store.read() as unit:
        return unit.connection.execute(select(func.count()).select_from(deliveries).where(done)).scalar_one()
