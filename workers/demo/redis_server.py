"""A real Redis on a port of its own."""

from __future__ import annotations

import time
from pathlib import Path
from types import TracebackType
from typing import Self

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from workers.demo.guarded import GuardedProcess, program
from workers.demo.home import ServerError
from workers.demo.server import free_port

_START_TIMEOUT_S = 20.0
_POLL_INTERVAL_S = 0.02


class RedisServer:
    """Keeps nothing on disk: what a restart loses is lost, as after a flush in production."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self._process: GuardedProcess | None = None
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.kill()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start on the same port as before."""
        settings = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder)]
        volatile = ["--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction"]
        command = [program("redis-server", "/usr/sbin"), *settings, *volatile]
        self._process = GuardedProcess(command, self._folder / "redis.log")
        self._wait_until_ready(self._process)

    def stop(self) -> None:
        """An orderly shutdown."""
        if self._process:
            self._process.stop()

    def kill(self) -> None:
        """A power cut."""
        if self._process:
            self._process.kill()

    def restart(self) -> None:
        """A power cut and a start with nothing in memory."""
        self.kill()
        self.start()

    def flush(self) -> None:
        """Everything in it is gone; connections stay."""
        with self.client() as client:
            client.flushall()

    def client(self) -> redis.Redis:
        """A client that reports a failure at once instead of trying again."""
        return redis.Redis(
            host="127.0.0.1", port=self.port, socket_timeout=5, retry=Retry(NoBackoff(), retries=0)
        )

    def _wait_until_ready(self, process: GuardedProcess) -> None:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < deadline and process.running:
            try:
                with self.client() as client:
                    client.ping()
            except redis.RedisError:
                time.sleep(_POLL_INTERVAL_S)
            else:
                return
        raise ServerError(f"Redis did not start on port {self.port}:\n{process.output}")
