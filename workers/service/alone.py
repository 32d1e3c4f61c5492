"""One `secondlook up` on a data folder, and whether its configuration is still the one that it began with."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from connector.config.file import load
from connector.config.private import private_folder
from connector.errors import Misconfigured

LOCK_FILE = "up.lock"
LOOK_SECONDS = 5.0


@contextmanager
def alone(data_dir: Path) -> Iterator[None]:
    """Hold the folder as long as the block runs; Misconfigured where another process holds it.

    The system lets go of it with the process, however that ends.
    """
    try:
        private_folder(data_dir)
        handle = os.open(data_dir / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Misconfigured(
            f"{data_dir} cannot be written ({error.strerror})",
            field="data_dir",
            remedy="Choose another folder.",
        ) from error
    with os.fdopen(handle, "r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Misconfigured(
                f"another `secondlook up` (process {lock.read().strip() or 'unknown'}) works in {data_dir}",
                field="data_dir",
                remedy="Stop it first, or give this one a folder of its own.",
            ) from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


class ConfigWatch:
    """Whether a configuration file still holds what it held at first."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen = _content(file)

    def change(self) -> str | None:
        """What a person should know, once for each change; None where there is none."""
        now = _content(self._file)
        if now == self._seen:
            return None
        self._seen = now
        went_on = f"{self._file} has changed; this service goes on with what it read at its start."
        try:
            load(self._file)
        except Misconfigured as error:
            return f"{went_on} The new one would be refused: {error}"
        return f"{went_on} Restart it to use the new one."


@contextmanager
def watched(file: Path | None, tell: Callable[[str], None]) -> Iterator[None]:
    """Tell of changes of the file while the block runs."""
    if file is None:
        yield
        return
    watch, ended = ConfigWatch(file), threading.Event()

    def look() -> None:
        while not ended.wait(LOOK_SECONDS):
            sentence = watch.change()
            if sentence is not None:
                tell(sentence)

    threading.Thread(target=look, name="config", daemon=True).start()
    try:
        yield
    finally:
        ended.set()


def _content(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None
