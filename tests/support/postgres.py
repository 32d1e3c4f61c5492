"""A real PostgreSQL cluster in a temporary directory, with a fresh database for each test."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg import sql

from tests.support.processes import GuardedProcess, program
from workers.demo.server import free_port

_DEBIAN_PLACE = "/usr/lib/postgresql/*/bin"  # Debian keeps the server programs off PATH
ROLE = "secondlook"
BACKUP = "_backup_"  # in the name of a test's database: a copy, which goes with the one before it
_START_TIMEOUT_S = 60.0
_POLL_INTERVAL_S = 0.05
_ORPHANS_END_S = 0.3  # backends notice the death of their postmaster; until then no new one may start
_UNPRIVILEGED = ("postgres", "nobody")  # PostgreSQL refuses to run as root
_FAST_AND_LOCAL = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "fsync=off",  # the cluster does not outlive the tests
    "full_page_writes=off",
    "max_connections=200",
)


class PostgresServer:
    """One cluster. It lies in the system's temporary directory, which its user can reach."""

    def __init__(self) -> None:
        self._user = unprivileged_user()
        self._folder = Path(tempfile.mkdtemp(prefix="secondlook-postgres-"))
        self._numbers = itertools.count(1)
        self.port = free_port()
        self._process: GuardedProcess | None = None
        self._create_cluster()
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Start on the same port and data as before."""
        options = [part for setting in _FAST_AND_LOCAL for part in ("-c", setting)]
        command = [program("postgres", _DEBIAN_PLACE), "-D", str(self._data), "-p", str(self.port), *options]
        self._process = GuardedProcess(
            command, self._folder / "postgres.log", user=self._user, cwd=self._folder
        )
        self._wait_until_ready(self._process)

    def kill(self) -> None:
        """A power cut: every connection breaks, and the next start recovers."""
        if self._process:
            self._process.kill()

    def restart(self) -> None:
        """A power cut and a start with all that was committed."""
        self.kill()
        time.sleep(_ORPHANS_END_S)
        # A dead postmaster that nobody has collected yet still looks alive to the next one.
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        self.start()

    @contextmanager
    def fresh_database(self, template: str = "template1") -> Iterator[str]:
        """The SQLAlchemy address of a copy of the template, dropped afterwards whoever still uses it.

        Nobody may be connected to the template. Without one the database is empty.
        """
        name = f"test_{next(self._numbers)}"
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self._execute(copy.format(sql.Identifier(name), sql.Identifier(template)))
        try:
            yield f"postgresql+psycopg://{ROLE}@127.0.0.1:{self.port}/{name}"
        finally:
            for each in (name, *self._backups_of(name)):
                self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(each)))

    def _backups_of(self, name: str) -> list[str]:
        query = "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"
        with self._connect() as connection:
            return [str(row[0]) for row in connection.execute(query, [f"{name}{BACKUP}"])]

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _create_cluster(self) -> None:
        if self._user:
            shutil.chown(self._folder, self._user)
        identity: dict[str, Any] = {"user": self._user, "extra_groups": []} if self._user else {}
        settings = [
            "--username",
            ROLE,
            "--auth",
            "trust",
            "--encoding",
            "UTF8",
            "--locale",
            "C",
            "--no-sync",
        ]
        done = subprocess.run(
            [program("initdb", _DEBIAN_PLACE), "--pgdata", str(self._data), *settings],
            capture_output=True,
            text=True,
            check=False,
            cwd=self._folder,
            **identity,
        )
        assert done.returncode == 0, f"initdb failed:\n{done.stdout}{done.stderr}"

    def _connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=ROLE,
            dbname="postgres",
            autocommit=True,
            connect_timeout=5,
        )

    def _execute(self, statement: sql.Composed) -> None:
        with self._connect() as connection:
            connection.execute(statement)

    def _wait_until_ready(self, process: GuardedProcess) -> None:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < deadline and process.running:
            try:
                self._connect().close()
            except psycopg.OperationalError:
                time.sleep(_POLL_INTERVAL_S)
            else:
                return
        raise AssertionError(f"PostgreSQL did not start on port {self.port}:\n{process.output}")


def unprivileged_user() -> str | None:
    """Whom to run PostgreSQL as; None for ourselves."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    for name in _UNPRIVILEGED:
        if name in known:
            return name
    raise AssertionError(f"PostgreSQL refuses to run as root, and none of {_UNPRIVILEGED} exists here")
