"""A client that delivers webhooks: so light that it is not what is measured."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """Where to deliver, and what: one request, the same each time."""

    port: int
    request: bytes


def target(port: int, path: str, headers: Mapping[str, str], body: bytes) -> Target:
    """The request as it goes over the wire."""
    lines = [f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(body)}", "", ""]
    return Target(port, "\r\n".join(lines).encode() + body)


def deliver(where: Target, number: int, senders: int) -> tuple[float, list[float]]:
    """Deliver `number` times over as many connections as there are senders: seconds, and those of each."""
    with _no_pause():
        return asyncio.run(_deliver(where, number, senders))


def deliver_at(where: Target, per_second: float, seconds: float, senders: int) -> list[float]:
    """Deliver at an even pace, whether the last was answered or not; seconds of each from its due moment."""
    with _no_pause():
        return asyncio.run(_deliver_at(where, per_second, seconds, senders))


@contextmanager
def _no_pause() -> Iterator[None]:
    """All that this process holds is no garbage: looking it through would take .15 s of what is measured."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


async def _deliver_at(where: Target, per_second: float, seconds: float, senders: int) -> list[float]:
    latencies: list[float] = []
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(senders):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", where.port))

    async def send(due: float) -> None:
        streams = await free.get()
        await _send(where, 1, *streams, [])
        latencies.append(time.perf_counter() - due)
        free.put_nowait(streams)

    began, sending = time.perf_counter(), []
    for n in range(int(per_second * seconds)):
        due = began + n / per_second
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        sending.append(asyncio.create_task(send(due)))
    await asyncio.gather(*sending)
    while not free.empty():
        free.get_nowait()[1].close()
    return latencies


async def _deliver(where: Target, number: int, senders: int) -> tuple[float, list[float]]:
    latencies: list[float] = []
    open_ = [await asyncio.open_connection("127.0.0.1", where.port) for _ in range(senders)]
    shares = [number // senders + (sender < number % senders) for sender in range(senders)]
    started = time.perf_counter()
    await asyncio.gather(
        *(_send(where, n, *streams, latencies) for n, streams in zip(shares, open_, strict=True))
    )
    seconds = time.perf_counter() - started
    for _, writer in open_:
        writer.close()
        await writer.wait_closed()
    return seconds, latencies


async def _send(
    where: Target,
    number: int,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    latencies: list[float],
) -> None:
    for _ in range(number):
        began = time.perf_counter()
        writer.write(where.request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 202"):
            status = head.partition(b"\r\n")[0].decode()
            msg = f"a delivery was answered with {status}"
            raise RuntimeError(msg)
        latencies.append(time.perf_counter() - began)
