"""A real PgBouncer in transaction mode in front of a test's PostgreSQL."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import psycopg

from tests.support.postgres import ROLE, PostgresServer, unprivileged_user
from tests.support.processes import GuardedProcess, program
from workers.demo.server import free_port

_DEBIAN_PLACE = "/usr/sbin"
_START_TIMEOUT_S = 20.0
_POLL_INTERVAL_S = 0.05
# Fewer connections to the server than clients have: transactions of one client meet several of them.
_SETTINGS = """\
[databases]
* = host=127.0.0.1 port={server} user={role}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
; every client is the user that the line of the databases names
auth_type = any
pool_mode = transaction
default_pool_size = 4
max_client_conn = 200
"""


class PgBouncer:
    """One pooler over all databases of a cluster, which runs as the cluster's user."""

    def __init__(self, server: PostgresServer) -> None:
        self._user = unprivileged_user()
        self._folder = Path(tempfile.mkdtemp(prefix="secondlook-pgbouncer-"))
        self.port = free_port()
        settings = self._folder / "pgbouncer.ini"
        settings.write_text(_SETTINGS.format(server=server.port, port=self.port, role=ROLE))
        if self._user:
            shutil.chown(self._folder, self._user)
        command = [program("pgbouncer", _DEBIAN_PLACE), str(settings)]
        self._process = GuardedProcess(command, self._folder / "pgbouncer.log", user=self._user)
        self._wait_until_ready()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._process.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def address_of(self, database_url: str) -> str:
        """The SQLAlchemy address of the same database through the pooler."""
        parts = urlsplit(database_url)
        return parts._replace(netloc=f"{ROLE}@127.0.0.1:{self.port}").geturl()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < deadline and self._process.running:
            try:
                psycopg.connect(
                    host="127.0.0.1", port=self.port, user=ROLE, dbname="postgres", prepare_threshold=None
                ).close()
            except psycopg.OperationalError:
                time.sleep(_POLL_INTERVAL_S)
            else:
                return
        raise AssertionError(f"PgBouncer did not start on port {self.port}:\n{self._process.output}")
