"""A real, unmodified Label Studio server, started for the demo and for tests."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from connector.errors import Misconfigured
from workers.demo.home import (
    DATABASE,
    KEY_FILE,
    LabelStudioHome,
    Progress,
    ServerError,
    child_environment,
    default_cache_dir,
    prepare_label_studio,
    tail,
)

__all__ = [
    "LabelStudioHome",
    "Progress",
    "RunningLabelStudio",
    "ServerError",
    "User",
    "default_cache_dir",
    "free_port",
    "prepare_label_studio",
    "start_label_studio",
]

_HOST = "127.0.0.1"
_START_TIMEOUT_S = 120.0
_STOP_TIMEOUT_S = 10.0
_POLL_INTERVAL_S = 0.1
_REQUEST_TIMEOUT_S = 60.0
_PORT_TRIES = 3  # a free port may be taken between our look and Label Studio's
_IDENTITY = "admin.json"

# Label Studio's own start command, with one addition: it ends when the pipe to us closes, which the
# kernel sees to even if we are killed. So no server is ever orphaned.
_BOOT = """
import os, signal, threading
def end_with_parent():
    while os.read(0, 1):
        pass
    os.killpg(0, signal.SIGKILL)
threading.Thread(target=end_with_parent, daemon=True).start()
from label_studio.server import main
main()
"""


class _PortTakenError(ServerError):
    """Label Studio found the port busy and moved on to another one."""


@dataclass(frozen=True, slots=True)
class User:
    """A member of the server's organisation, with a legacy token."""

    id: int
    email: str
    password: str
    token: str


@dataclass(slots=True)
class RunningLabelStudio:
    """A server that answers. As a context manager it is stopped at the end."""

    url: str
    admin_email: str
    admin_password: str
    token: str
    process: subprocess.Popen[bytes]
    log: Path
    data_dir: Path

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """End the server and all its children; one that has stopped already is left alone."""
        _end(self.process, signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would."""
        _end(self.process, signal.SIGKILL)

    def client(self, token: str | None = None) -> httpx.Client:
        """An HTTP client that speaks as the administrator, or as the user whose token is given."""
        headers = {"Authorization": f"Token {token or self.token}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=_REQUEST_TIMEOUT_S, trust_env=False)

    def create_user(self, email: str, password: str | None = None) -> User:
        """Sign up a member by invitation, as a person would; creating one by API leaves it homeless."""
        password = password or secrets.token_urlsafe(12)
        with httpx.Client(base_url=self.url, timeout=_REQUEST_TIMEOUT_S, trust_env=False) as browser:
            _sign_up(browser, self._invitation(), email, password)
            token = _checked(browser.get("/api/current-user/token")).json()["token"]
            me = _checked(browser.get("/api/current-user/whoami")).json()
        return User(id=me["id"], email=me["email"], password=password, token=token)

    def create_access_token(self, token: str | None = None) -> str:
        """A personal access token (a refresh token) of the administrator or of the token's owner."""
        with self.client(token) as client:
            return str(_checked(client.post("/api/token/")).json()["token"])

    def _invitation(self) -> str:
        with self.client() as client:
            return str(_checked(client.get("/api/invite")).json()["token"])


def start_label_studio(
    home: LabelStudioHome,
    data_dir: Path,
    port: int | None = None,
    *,
    ssrf_protection: bool = False,
    extra_env: Mapping[str, str] | None = None,
) -> RunningLabelStudio:
    """Start a server on `data_dir`, which is filled from the template unless it holds a database.

    Listens on the loopback interface only. `ssrf_protection` stays off where webhooks must reach a
    receiver on this machine. Raises Misconfigured when `port` is busy, and ServerError when the
    server does not come up.
    """
    if port is not None and not _is_free(port):
        raise Misconfigured(
            f"port {port} is in use",
            field="Label Studio's port",
            remedy="Choose another one, or leave it out.",
        )
    data_dir = data_dir.resolve()
    token = _fill(home, data_dir)
    environment = child_environment(data_dir) | {
        "LABEL_STUDIO_SSRF_PROTECTION_ENABLED": str(ssrf_protection).lower(),
        **(extra_env or {}),
    }
    for tries_left in reversed(range(1 if port else _PORT_TRIES)):
        try:
            return _start(home, data_dir, port or free_port(), token, environment)
        except _PortTakenError:
            if not tries_left:
                raise
    raise AssertionError("unreachable: the last try returns or raises")


def free_port() -> int:
    """A TCP port of the loopback interface that nobody listens on now."""
    with closing(socket.socket()) as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError:
            return False
        return True


def _fill(home: LabelStudioHome, data_dir: Path) -> str:
    """Copy the template unless done before; the administrator's token, which only this copy has."""
    identity = data_dir / _IDENTITY
    if identity.exists():
        return str(json.loads(identity.read_text())["token"])
    data_dir.mkdir(parents=True, exist_ok=True)
    data_dir.chmod(0o700)
    for name in (DATABASE, KEY_FILE):
        shutil.copy2(home.template / name, data_dir / name)
    token = secrets.token_hex(20)
    with closing(sqlite3.connect(data_dir / DATABASE)) as database, database:
        database.execute("UPDATE authtoken_token SET key = ?", (token,))
    identity.write_text(json.dumps({"email": home.admin_email, "token": token}))
    return token


def _start(
    home: LabelStudioHome, data_dir: Path, port: int, token: str, environment: Mapping[str, str]
) -> RunningLabelStudio:
    log = data_dir / "label-studio.log"
    log_start = log.stat().st_size if log.exists() else 0
    arguments = ["start", "--no-browser", "--internal-host", _HOST, "--port", str(port)]
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - our own fixed command
            [str(home.python), "-c", _BOOT, *arguments],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            cwd=data_dir,
            start_new_session=True,
        )
    server = RunningLabelStudio(
        url=f"http://{_HOST}:{port}",
        admin_email=home.admin_email,
        admin_password=home.admin_password,
        token=token,
        process=process,
        log=log,
        data_dir=data_dir,
    )
    try:
        _wait_until_ready(server, port, log_start)
    except BaseException:  # also an interrupt: nothing may be left running
        server.kill()
        raise
    return server


def _wait_until_ready(server: RunningLabelStudio, port: int, log_start: int) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    with server.client() as client:
        while time.monotonic() < deadline:
            if server.process.poll() is not None:
                raise ServerError(f"Label Studio ended while starting:\n{tail(server.log)}")
            _check_port(server.log, log_start, port)
            if _is_ready(client):
                return
            time.sleep(_POLL_INTERVAL_S)
    raise ServerError(f"Label Studio was not ready after {_START_TIMEOUT_S:.0f} s:\n{tail(server.log)}")


def _check_port(log: Path, log_start: int, port: int) -> None:
    with log.open("rb") as lines:
        lines.seek(log_start)
        text = re.search(rb"development server at http://[^:/]+:(\d+)", lines.read())
    if text and int(text[1]) != port:
        raise _PortTakenError(f"port {port} was taken by another program while Label Studio started")


def _is_ready(client: httpx.Client) -> bool:
    try:
        health: Any = client.get("/health", timeout=5)
        me = client.get("/api/current-user/whoami", timeout=5)
        return bool(health.json()["status"] == "UP" and me.status_code == httpx.codes.OK)
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return False


def _sign_up(browser: httpx.Client, invitation: str, email: str, password: str) -> None:
    page = "/user/signup/"
    _checked(browser.get(page, params={"token": invitation}))
    form = {"email": email, "password": password, "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
    answer = browser.post(page, params={"token": invitation}, data=form)
    if not answer.is_redirect:
        raise ServerError(f"Label Studio did not accept the new user {email}: is the address taken?")


def _checked(response: httpx.Response) -> httpx.Response:
    if not response.is_success:
        raise ServerError(
            f"Label Studio answered {response.status_code} to {response.request.method} "
            f"{response.request.url.path}: {response.text[:300]}"
        )
    return response


def _end(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    if process.poll() is None:
        _signal_group(process.pid, how)
        try:
            process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            _signal_group(process.pid, signal.SIGKILL)
            process.wait()
    if process.stdin:
        process.stdin.close()


def _signal_group(group: int, how: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, how)
