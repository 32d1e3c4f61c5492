"""A proxy between us and a server that loses connections, answers and patience on demand.

`TcpProxy` forwards bytes and knows no protocol: for Redis, PostgreSQL and anything else.
`HttpProxy` also understands HTTP/1.1 well enough to let a request do its work and lose the answer:

    with HttpProxy(label_studio.url) as proxy:
        lost = proxy.drop_response("POST", r"/import")   # the next one only
        push(url=proxy.url)                              # works there, fails here
        assert lost.hits == 1
"""

from __future__ import annotations

import asyncio
import re
import socket
import struct
import threading
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

_HOST = "127.0.0.1"
_CHUNK = 65_536
_HEAD_LIMIT = 1 << 20
_LOOP_TIMEOUT_S = 10.0
_FOREVER = 1e6
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER of 0 s: closing sends RST instead of FIN
_BODYLESS = (204, 304)

_Link = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class TcpProxy:
    """Forwards connections to `upstream` until told to cut, refuse or delay."""

    def __init__(self, upstream_host: str, upstream_port: int) -> None:
        self.upstream = (upstream_host, upstream_port)
        self.port = 0
        self.delay_s = 0.0  # how long to hold back what the server says
        self.accepted = 0  # connections so far
        self._frozen = 0  # so many of them carry nothing any more
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="cut-proxy", daemon=True)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._listen())
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._run(self._shut_down())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_LOOP_TIMEOUT_S)
        self._loop.close()

    @property
    def address(self) -> tuple[str, int]:
        return _HOST, self.port

    def cut(self) -> None:
        """Reset every open connection, on both sides."""
        self._run(self._cut())

    def refuse(self) -> None:
        """Be a server that is down: reset what is open and refuse what is new."""
        self._run(self._refuse())

    def accept(self) -> None:
        """Be up again, on the same port."""
        self._run(self._listen())

    def freeze(self) -> None:
        """Leave what is open standing, and carry nothing over it any more; new connections are served."""
        self._frozen = self.accepted

    def delay(self, seconds: float) -> None:
        """Hold back everything that the server says by so long; 0 ends it."""
        self.delay_s = seconds

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(_LOOP_TIMEOUT_S)

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(
                self._accepted, _HOST, self.port, limit=_HEAD_LIMIT, reuse_address=True
            )
            self.port = self._server.sockets[0].getsockname()[1]

    async def _cut(self) -> None:
        for writer in self._writers:
            _reset(writer)
        self._writers.clear()

    async def _refuse(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._cut()

    async def _shut_down(self) -> None:
        await self._refuse()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.accepted += 1
        number = self.accepted
        mine = [writer]
        self._writers.add(writer)
        try:
            server = await asyncio.open_connection(*self.upstream, limit=_HEAD_LIMIT)
            mine.append(server[1])
            self._writers.add(server[1])
            await self._carry((reader, writer), server, lambda: number <= self._frozen)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            _reset(writer)  # the server is gone: say so as it would
        except asyncio.CancelledError:
            _reset(writer)  # shutting down; asyncio's streams would log a cancelled handler as an error
        finally:
            for one in mine:
                self._writers.discard(one)
                one.close()

    async def _carry(self, client: _Link, server: _Link, frozen: Callable[[], bool]) -> None:
        tasks = [
            asyncio.create_task(_pump(client[0], server[1], lambda: _FOREVER if frozen() else 0.0)),
            asyncio.create_task(_pump(server[0], client[1], lambda: _FOREVER if frozen() else self.delay_s)),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


class Fault(StrEnum):
    """What goes wrong with a request."""

    LOSE_REQUEST = "lose request"  # reset before the server hears of it: nothing was done
    LOSE_RESPONSE = "lose response"  # the server does its work, then reset
    HANG = "hang"  # the server does its work, then silence until the caller gives up
    REPLACE_RESPONSE = "replace response"  # the server does its work, the caller hears something else
    ANSWER_INSTEAD = "answer instead"  # the server never hears of it, the caller gets an answer
    HOLD = "hold"  # silence until the caller gives up; the request waits here until it is let through


@dataclass(slots=True)
class FaultRule:
    """A fault for the next requests that match; `hits` says how many it has met."""

    fault: Fault
    method: str
    path: re.Pattern[str]
    times: int
    answer: bytes = b""
    hits: int = 0
    held: bytes = b""  # the last request that was held up
    _met: threading.Event = field(default_factory=threading.Event)

    def wait(self, timeout: float = 30.0) -> None:
        """Wait until the fault has happened once (after the server did its work, where it does)."""
        assert self._met.wait(timeout), f"no {self.method} request matched {self.path.pattern!r}"

    def matches(self, request: Request) -> bool:
        wanted = self.method in ("*", request.method)
        return wanted and self.hits < self.times and bool(self.path.search(request.path))

    def happened(self) -> None:
        self._met.set()


@dataclass(frozen=True, slots=True)
class Request:
    """A request that came through; `path` includes the query."""

    method: str
    path: str


class HttpProxy(TcpProxy):
    """Forwards HTTP/1.1 request by request, in full, so that a fault hits exactly where it should."""

    def __init__(self, upstream: str) -> None:
        parts = urlsplit(upstream)
        super().__init__(parts.hostname or _HOST, parts.port or 80)
        self.requests: list[Request] = []  # all that came, lost ones included
        self._rules: list[FaultRule] = []

    @property
    def url(self) -> str:
        return f"http://{_HOST}:{self.port}"

    def drop_request(self, method: str, path: str, times: int = 1) -> FaultRule:
        """Reset before the server hears of the next matching requests."""
        return self._add(Fault.LOSE_REQUEST, method, path, times)

    def drop_response(self, method: str, path: str, times: int = 1) -> FaultRule:
        """Let the server do the work of the next matching requests, then reset."""
        return self._add(Fault.LOSE_RESPONSE, method, path, times)

    def hang(self, method: str, path: str, times: int = 1) -> FaultRule:
        """Let the server do the work, then stay silent: the caller runs into its time limit."""
        return self._add(Fault.HANG, method, path, times)

    def replace_response(
        self, method: str, path: str, status: int, body: bytes = b"{}", times: int = 1
    ) -> FaultRule:
        """Let the server do the work, then answer something else (a 500, say)."""
        return self._add(Fault.REPLACE_RESPONSE, method, path, times, _answer(status, body, {}))

    def answer_instead(
        self,
        method: str,
        path: str,
        status: int,
        body: bytes = b"{}",
        headers: Mapping[str, str] | None = None,
        times: int = 1,
    ) -> FaultRule:
        """Answer in the server's place; it never hears of the request."""
        return self._add(Fault.ANSWER_INSTEAD, method, path, times, _answer(status, body, headers or {}))

    def hold(self, method: str, path: str) -> FaultRule:
        """Hold the next matching request up and say nothing, until its caller gives up or dies."""
        return self._add(Fault.HOLD, method, path, 1)

    def let_through(self, rule: FaultRule) -> int:
        """Bring the server the request that was held up, whatever became of its caller; what it answers.

        Called again it is brought again.
        """
        return asyncio.run_coroutine_threadsafe(self._bring(rule), self._loop).result(_LOOP_TIMEOUT_S)

    def heal(self) -> None:
        """Forget all faults and delays."""
        self._rules.clear()
        self.delay(0)

    def count(self, method: str, path: str) -> int:
        """How many matching requests came."""
        return sum(one.method == method and bool(re.search(path, one.path)) for one in self.requests)

    def _add(self, fault: Fault, method: str, path: str, times: int, answer: bytes = b"") -> FaultRule:
        rule = FaultRule(fault, method, re.compile(path), times, answer)
        self._rules.append(rule)
        return rule

    async def _bring(self, rule: FaultRule) -> int:
        reader, writer = await asyncio.open_connection(*self.upstream, limit=_HEAD_LIMIT)
        writer.write(rule.held)
        await writer.drain()
        answer, _ = await _read_answer(reader, rule.method)
        writer.close()
        return int(answer.split(b" ", 2)[1])

    async def _carry(self, client: _Link, server: _Link, frozen: Callable[[], bool]) -> None:
        while not frozen() and await self._exchange(client, server):
            pass

    async def _exchange(self, client: _Link, server: _Link) -> bool:
        """One request and its answer; False when the connection ends with it."""
        head = await _read_head(client[0])
        if not head:
            return False
        method, path, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
        request = Request(method, path)
        body = await _read_body(client[0], _headers(head), to_the_end=False)
        self.requests.append(request)
        rule = next((rule for rule in list(self._rules) if rule.matches(request)), None)
        if rule:
            rule.hits += 1
        if rule and rule.fault in (Fault.LOSE_REQUEST, Fault.ANSWER_INSTEAD, Fault.HOLD):
            rule.held = head + body
            return await self._fail(rule, client)
        server[1].write(head + body)
        await server[1].drain()
        answer, lasting = await _read_answer(server[0], method)
        await asyncio.sleep(self.delay_s)
        if rule:
            return await self._fail(rule, client)
        client[1].write(answer)
        await client[1].drain()
        return lasting

    async def _fail(self, rule: FaultRule, client: _Link) -> bool:
        rule.happened()
        if rule.fault in (Fault.HANG, Fault.HOLD):
            await client[0].read(1)  # until the caller gives up
        elif rule.answer:
            client[1].write(rule.answer)
            await client[1].drain()
        else:
            _reset(client[1])
        return False


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: Callable[[], float]
) -> None:
    with suppress(OSError):
        while data := await reader.read(_CHUNK):
            await asyncio.sleep(delay())
            writer.write(data)
            await writer.drain()


async def _read_head(reader: asyncio.StreamReader) -> bytes:
    """The head with its empty line; nothing when the other side has closed between two messages."""
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return b""


async def _read_answer(reader: asyncio.StreamReader, method: str) -> tuple[bytes, bool]:
    """A whole answer, and whether the connection can carry another one."""
    head = await _read_head(reader)
    if not head:
        raise ConnectionResetError("the server closed the connection without an answer")
    headers, status = _headers(head), int(head.split(b" ", 2)[1])
    bodyless = method == "HEAD" or status in _BODYLESS
    framed = bodyless or "content-length" in headers or "transfer-encoding" in headers
    body = b"" if bodyless else await _read_body(reader, headers, to_the_end=True)
    return head + body, framed and headers.get("connection", "").lower() != "close"


async def _read_body(reader: asyncio.StreamReader, headers: Mapping[str, str], *, to_the_end: bool) -> bytes:
    """A body as it came over the wire. Without a length it goes `to_the_end`, or there is none."""
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return await _read_chunks(reader)
    if "content-length" in headers:
        return await reader.readexactly(int(headers["content-length"]))
    return await reader.read() if to_the_end else b""


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    parts = []
    while True:
        line = await reader.readuntil(b"\r\n")
        parts.append(line)
        size = int(line.split(b";")[0], 16)
        parts.append(await reader.readexactly(size + 2))
        if size == 0:
            return b"".join(parts)


def _headers(head: bytes) -> dict[str, str]:
    pairs = (line.partition(":") for line in head.decode("latin-1").split("\r\n")[1:] if line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _answer(status: int, body: bytes, headers: Mapping[str, str]) -> bytes:
    framing = {"Content-Type": "application/json", "Content-Length": str(len(body)), "Connection": "close"}
    lines = [
        f"HTTP/1.1 {status} Fault",
        *(f"{name}: {value}" for name, value in {**framing, **headers}.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _reset(writer: asyncio.StreamWriter) -> None:
    """End a connection with RST, as a crashed machine or a cut line would."""
    if (connection := writer.get_extra_info("socket")) is not None:
        with suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    writer.transport.abort()
