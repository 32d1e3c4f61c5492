"""Programs that cannot outlive us: each in a process group of its own, on a pipe that the kernel closes."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from workers.demo.home import ServerError

_GUARD = Path(__file__).with_name("guard.py")
_POLL_INTERVAL_S = 0.02
_WAIT_S = 30.0


class MissingProgramError(ServerError):
    """A server program that is needed is not on this machine."""


def program(name: str, *places: str) -> str:
    """The full path of a program on PATH or in one of the directories (globs; the last match wins)."""
    if result := shutil.which(name):
        return result
    candidates = [path for place in places for path in sorted(Path("/").glob(f"{place.lstrip('/')}/{name}"))]
    if not candidates:
        raise MissingProgramError(
            f"{name} is not installed, and it is needed here. Run: scripts/install-test-servers.sh"
        )
    return str(candidates[-1])


class GuardedProcess:
    """A program in a process group of its own, which dies with the one who started it, whatever happens."""

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        user: str | None = None,
    ) -> None:
        """`env` is laid over this process's environment; `user` needs root."""
        self.command = [*command]
        self.log = log
        self._log_start = log.stat().st_size if log.exists() else 0
        guard = [sys.executable, str(_GUARD), *(["--user", user] if user else [])]
        with log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - a command of ours
                [*guard, *command],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
                cwd=cwd,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.kill()

    @property
    def group(self) -> int:
        """The process group of the program and its children."""
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """None while it runs; 128 + the signal's number after a death by signal."""
        return self._process.poll()

    @property
    def output(self) -> str:
        """What this process has written so far."""
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def kill(self) -> None:
        """SIGKILL to the program and all its children, with no chance to clean up."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._close()

    def stop(self, how: signal.Signals = signal.SIGTERM, timeout: float = _WAIT_S) -> int:
        """Ask the program (not its children) to end; its exit code."""
        if self.running:
            self._process.send_signal(how)
        return self.wait(timeout)

    def wait(self, timeout: float = _WAIT_S) -> int:
        """Its exit code, once it has ended by itself."""
        try:
            code = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise ServerError(f"{self.command} still runs after {timeout} s:\n{self.output}") from None
        self.kill()  # children that it left behind
        return code

    def wait_for(self, pattern: str, timeout: float = _WAIT_S) -> re.Match[str]:
        """Wait until the output matches a pattern."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            was_running = self.running
            if match := re.search(pattern, self.output, re.MULTILINE):
                return match
            if not was_running:
                raise ServerError(
                    f"{self.command} ended ({self.exit_code}) before it said {pattern!r}:\n{self.output}"
                )
            time.sleep(_POLL_INTERVAL_S)
        raise ServerError(f"{self.command} did not say {pattern!r} in {timeout} s:\n{self.output}")

    def _close(self) -> None:
        if self._process.stdin:
            with suppress(BrokenPipeError):
                self._process.stdin.close()
