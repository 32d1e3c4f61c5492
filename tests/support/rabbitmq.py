"""A real RabbitMQ on ports of its own, reachable from this machine alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from amqp.exceptions import NotFound
from kombu import Connection

from tests.support.processes import GuardedProcess, program
from workers.demo.server import free_port

# The program on PATH wants to be another user; this one, where Debian keeps it, does not.
_DEBIAN_PROGRAM = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
_DEBIAN_CONTROL = Path("/usr/lib/rabbitmq/bin/rabbitmqctl")
_START_TIMEOUT_S = 90.0
_POLL_INTERVAL_S = 0.1
_LOOPBACK = "-kernel inet_dist_use_interface {127,0,0,1}"


class RabbitMqServer:
    """One node with its own name service, which keeps its queues over a restart."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="secondlook-rabbitmq-"))
        self.port = free_port()
        names = free_port()
        (self._folder / "rabbitmq.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{self.port}\n")
        (self._folder / "plugins").write_text("[].\n")
        self._env = {
            "HOME": str(self._folder),  # the cookie of the node lies there
            "ERL_EPMD_PORT": str(names),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"secondlook-{self.port}@localhost",
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": _LOOPBACK,
            "RABBITMQ_CONFIG_FILE": str(self._folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._folder / "plugins"),
            "RABBITMQ_MNESIA_BASE": str(self._folder / "data"),
            "RABBITMQ_LOG_BASE": str(self._folder / "log"),
            "RABBITMQ_PID_FILE": str(self._folder / "pid"),
        }
        # Started here, because the one that the node would start outlives it.
        self._names = GuardedProcess([program("epmd")], self._folder / "epmd.log", env=self._env)
        self._process: GuardedProcess | None = None
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.kill()
        self._names.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def url(self) -> str:
        """Without the password, as settings want it."""
        return f"amqp://guest@127.0.0.1:{self.port}//"

    @property
    def password(self) -> str:
        return "guest"

    def start(self) -> None:
        """Start on the same port and data as before."""
        command = str(_DEBIAN_PROGRAM) if _DEBIAN_PROGRAM.exists() else program("rabbitmq-server")
        self._process = GuardedProcess([command], self._folder / "rabbitmq.log", env=self._env)
        self._wait_until_ready(self._process)

    def kill(self) -> None:
        """A power cut."""
        if self._process:
            self._process.kill()

    def restart(self) -> None:
        """A power cut and a start with what it had on disk."""
        self.kill()
        self.start()

    def run_short_of_memory(self) -> None:
        """From now on it takes no messages; those that it has it still hands out."""
        self._control("set_vm_memory_high_watermark", "absolute", "1")

    def change_password(self, password: str) -> None:
        """That of the user in `url`."""
        self._control("change_password", "guest", password)

    def _control(self, *command: str) -> None:
        tool = str(_DEBIAN_CONTROL) if _DEBIAN_CONTROL.exists() else program("rabbitmqctl")
        done = subprocess.run(
            [tool, "-n", self._env["RABBITMQ_NODENAME"], *command],
            env=os.environ | self._env,
            capture_output=True,
            text=True,
            check=False,
            timeout=_START_TIMEOUT_S,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def purge(self, queue: str = "secondlook") -> None:
        """Every message that waits in a queue is gone."""
        with self._connection() as connection, suppress(NotFound):
            connection.default_channel.queue_purge(queue)

    def _connection(self) -> Connection:
        return Connection(self.url, password=self.password, connect_timeout=2)

    def _wait_until_ready(self, process: GuardedProcess) -> None:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < deadline and process.running:
            try:
                with self._connection() as connection:
                    connection.connect()
            except OSError:
                time.sleep(_POLL_INTERVAL_S)
            else:
                return
        raise AssertionError(f"RabbitMQ did not start on port {self.port}:\n{process.output}")
