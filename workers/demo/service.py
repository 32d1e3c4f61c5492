"""The demo's own Secondlook: `secondlook up` as a process of its own, watched through its JSON API."""

from __future__ import annotations

import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import tomli_w

from connector.config.file import load
from connector.config.keyring import Keyring
from connector.errors import SecondlookError
from workers.demo.digits import REVIEWERS
from workers.demo.server import free_port
from workers.demo.stage import Stage

PROJECT = "digits"
START_SECONDS = 60.0
STOP_SECONDS = 40.0
POLL_SECONDS = 0.5
LOG_LINES = 15

USER = "demo"  # of the service's pages
PASSWORD_BYTES = 12


class DemoFailed(SecondlookError):
    """Something that the demo needs did not happen; the message says what and where to look."""


@dataclass(frozen=True)
class Service:
    """A running `secondlook up`."""

    url: str
    token: str
    config: Path
    log: Path
    process: subprocess.Popen[bytes]

    def state(self) -> dict[str, Any]:
        """The demo project as the service's JSON API shows it; empty before the first sync."""
        headers = {"Authorization": f"Bearer {self.token}"}
        response = httpx.get(f"{self.url}/api/v1/projects/{PROJECT}", headers=headers, timeout=30)
        return (
            {} if response.status_code == httpx.codes.NOT_FOUND else dict(response.raise_for_status().json())
        )

    def wait(self, what: str, ready: Callable[[dict[str, Any]], bool], seconds: float) -> dict[str, Any]:
        """The project's state as soon as it is `ready`; DemoFailed after `seconds`."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            state = self.state()
            if state.get("paused_reason"):
                raise DemoFailed(f"the project was paused: {state['paused_reason']}")
            if ready(state):
                return state
            if self.process.poll() is not None:
                break
            time.sleep(POLL_SECONDS)
        msg = f"{what} did not happen within {seconds:.0f} s; the end of {self.log}:\n{tail(self.log)}"
        raise DemoFailed(msg)


def write_config(folder: Path, stage: Stage, *, budget: int) -> Path:
    """A secondlook.toml for the demo, with the token in a file beside it."""
    token = folder / "platform-token"
    token.touch(mode=0o600)
    token.write_text(stage.token)
    port = free_port()
    where = dict(stage.project())
    # What all of them are asked and nobody agrees on ends unresolved: the demo must end.
    review = {"max_votes": len(REVIEWERS), **where.pop("review", {})}
    config = {
        "data_dir": "data",
        "server": {"host": "127.0.0.1", "port": port},
        "worker": {"tick_seconds": 1.0},
        "projects": {
            PROJECT: {
                "token": {"file": token.name},
                "predictions": {"source": "builtin"},
                "policy": {"budget": budget, "class_cap": 0.5},
                "review": review,
                "quality": {"seek_target": False},  # it ends when what was flagged is decided
                "sync": {"poll_seconds": 10.0},
                **where,
            }
        },
    }
    path = folder / "secondlook.toml"
    path.write_bytes(tomli_w.dumps(config).encode())
    return path


def add_user(service: Service) -> tuple[str, str]:
    """Somebody who may do everything on the service's pages: name and password."""
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    command = [sys.executable, "-m", "workers.cli", "--config", str(service.config)]
    done = subprocess.run(  # noqa: S603 - our own command
        [*command, "users", "add", USER, "--role", "admin", "--password-stdin"],
        input=password,
        text=True,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise DemoFailed(f"no user of the pages could be added: {done.stderr.strip()}")
    return USER, password


@contextmanager
def running(config: Path) -> Iterator[Service]:
    """Start `secondlook up` and stop it at the end."""
    settings = load(config)
    log = config.parent / "secondlook.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "workers.cli", "--config", str(config), "up"],
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=config.parent,
        )
    try:
        token = Keyring(settings).api_token.get_secret_value()
        service = Service(settings.server.url, token, config, log, process)
        _wait_until_up(service)
        yield service
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_up(service: Service) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and service.process.poll() is None:
        try:
            if httpx.get(f"{service.url}/health", timeout=5).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(POLL_SECONDS)
    msg = f"the service did not start; the end of {service.log}:\n{tail(service.log)}"
    raise DemoFailed(msg)


def tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-LOG_LINES:])
