"""Real processes that a test starts, watches, asks to stop, or kills as a power cut would."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from workers.demo.guarded import GuardedProcess, MissingProgramError, program

__all__ = ["GuardedProcess", "MissingProgramError", "ProcessPark", "program"]


class ProcessPark:
    """Starts processes for one test and kills what is left of them at its end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started: list[GuardedProcess] = []

    def start(
        self, *command: str, env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> GuardedProcess:
        """Start a program; `env` is laid over this process's environment."""
        log = self._folder / f"process-{len(self._started)}.log"
        process = GuardedProcess(command, log, env=env, cwd=cwd)
        self._started.append(process)
        return process

    def python(
        self, *arguments: str, env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> GuardedProcess:
        """Start this Python, for example `park.python("-m", "celery", "-A", "workers.app", "worker")`."""
        return self.start(sys.executable, *arguments, env=env, cwd=cwd)

    def kill_all(self) -> None:
        for process in self._started:
            process.kill()
