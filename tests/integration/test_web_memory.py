"""Memory of the web process, as a real process, whatever is delivered to it."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import socket
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest
import tomli_w

from connector.config.file import load
from connector.config.keyring import Keyring
from connector.model import Role
from connector.web.room import MOST_PARTS
from tests.support.processes import ProcessPark
from workers.demo.server import free_port

MOST_MB = 250
SIZE = 9_900_000  # bytes: just below what is refused for its length alone
AT_ONCE = 20
CROWD = 400  # connections: more than are answered while the first are read
SMALL = json.dumps({"action": "LABEL_LINK_CREATED"})


def an_import() -> bytes:
    """What a large import of a platform announces."""
    text = "an ordinary text of some length, with a comma, as people write them. " * 8
    tasks = [{"id": n, "data": {"text": text, "source": f"file {n}"}, "meta": {}} for n in range(15_000)]
    return json.dumps({"action": "TASKS_CREATED", "tasks": tasks, "project": {"id": 7}}).encode()[:SIZE]


def of_parts(part: str) -> Callable[[], bytes]:
    """As many small parts as fit and are read."""
    marks = sum((part + ",").count(mark) for mark in ",[{")

    def body() -> bytes:
        many = min(MOST_PARTS // marks - 10, SIZE // (len(part) + 1))
        return ('{"action":"X","tasks":[' + ",".join([part] * many) + "]}").encode()

    return body


def wide() -> bytes:
    """Text that takes four bytes a character once it is read."""
    return ('{"action":"X","tasks":["\U0001f600' + "x" * (SIZE - 100) + '"]}').encode()


BODIES = {
    "an import": an_import,
    "objects": of_parts('{"a":1}'),
    "lists": of_parts("[]"),
    "numbers": of_parts("1.5"),
    "wide": wide,
}


def write_config(folder: Path) -> Path:
    (folder / "token").write_text("t" * 40)
    (folder / "token").chmod(0o600)
    config = {
        "data_dir": "data",
        "server": {"host": "127.0.0.1", "port": free_port()},
        "projects": {
            "cats": {"url": "http://labels.example.org", "project": 7, "token": {"file": "token"}},
        },
    }
    path = folder / "secondlook.toml"
    path.write_bytes(tomli_w.dumps(config).encode())
    return path


def peak_mb(group: int) -> float:
    """The most memory that a process of the group ever held."""
    peaks = [0.0]
    for one in Path("/proc").glob("[0-9]*"):
        if os.getpgid(int(one.name)) == group:
            lines = (one / "status").read_text().splitlines()
            peaks += [int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")]
    return max(peaks)


async def deliver_at_once(base: str, path: str, secret: str) -> Counter[int]:
    async with httpx.AsyncClient(base_url=base, timeout=60, limits=httpx.Limits(max_connections=None)) as web:
        while True:
            try:
                await web.get("/health")
                break
            except httpx.TransportError:
                await asyncio.sleep(0.2)
        seen: Counter[int] = Counter()
        for make in BODIES.values():
            body = make()
            sent = (
                web.post(path, content=each, headers={"X-Secondlook-Secret": secret})
                for each in itertools.repeat(body, AT_ONCE)
            )
            answers = await asyncio.gather(*sent, return_exceptions=True)
            seen.update(one.status_code for one in answers if isinstance(one, httpx.Response))
        small = await web.post(path, content=SMALL, headers={"X-Secondlook-Secret": secret})
        assert small.status_code == 202
        return seen


def send_while_it_stands_still(process: int, port: int) -> None:
    """Many connections whose forms all wait in the kernel at the moment at which the process looks."""
    head = b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99000\r\n"
    head += b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    with ExitStack() as stack:
        connections = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(CROWD)
        ]
        os.kill(process, signal.SIGSTOP)
        for one in connections:
            one.settimeout(0.1)
            with suppress(OSError):
                one.sendall(head + b"x" * 98_999)  # all but the last byte
        os.kill(process, signal.SIGCONT)
        for one in connections:
            one.settimeout(30)
            with suppress(OSError):
                one.sendall(b"x")
                one.recv(100)


@pytest.mark.timeout(240)
def test_the_web_process_stays_small_whatever_is_delivered(processes: ProcessPark, tmp_path: Path) -> None:
    config = write_config(tmp_path)
    process = processes.python("-m", "workers.cli", "--config", str(config), "web")
    settings = load(config)
    keyring = Keyring(settings)
    path = f"/hooks/cats/source/{keyring.webhook_path_key('cats', Role.SOURCE)}"
    secret = keyring.webhook_secret("cats", Role.SOURCE).get_secret_value()
    answered = asyncio.run(deliver_at_once(settings.server.url, path, secret))
    send_while_it_stands_still(process.group, settings.server.port)
    assert httpx.get(f"{settings.server.url}/health", timeout=30).status_code == 200
    peak = peak_mb(process.group)
    assert set(answered) <= {202, 400, 413, 503}
    assert 0 < peak < MOST_MB
