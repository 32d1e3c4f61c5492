"""The file that results are written to: whole or not at all, and never over another one unasked."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from connector.errors import Misconfigured

ARGUMENT = "--out"
ENDINGS = (".csv", ".json", ".html")
NEW_FILE = 0o666  # less what the umask takes, as for any file that a program makes


def check_target(path: Path, *, force: bool, endings: tuple[str, ...] = ENDINGS) -> None:
    """Refuse, before any work, a file that could not be written later."""
    if path.suffix.lower() not in endings:
        problem = f"'{path.name}' ends in none of {', '.join(endings)}"
        raise Misconfigured(problem, field=ARGUMENT, remedy="Give the form you want by the ending.")
    if path.is_dir() or not path.parent.is_dir():
        problem = f"{path} is no place for a file"
        raise Misconfigured(problem, field=ARGUMENT, remedy="Name a file in a folder that exists.")
    if path.exists() and not force:
        remedy = "Give another name, or overwrite it with --force."
        raise Misconfigured(f"{path} exists", field=ARGUMENT, remedy=remedy)


def replace_file(path: Path, text: str) -> None:
    """All of the text, or the file as it was. Misconfigured where it cannot be written."""
    with whole_file(path) as stream:
        stream.write(text)


@contextmanager
def whole_file(path: Path, argument: str = ARGUMENT) -> Iterator[TextIO]:
    """What is written in the block takes the place of the file at its end; after an error that is as it was.

    Misconfigured, naming the argument, where it cannot be written. A device or a pipe is written as it comes.
    """
    try:
        if path.exists() and not path.is_file():
            with path.open("w", encoding="utf-8", newline="") as stream:
                yield stream
            return
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
            written = Path(folder) / path.name
            # Opened rather than made by tempfile: the umask then applies, without being asked for.
            handle = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, NEW_FILE)
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
                if path.exists():  # as private as it was
                    os.fchmod(handle, stat.S_IMODE(path.stat().st_mode))
                yield stream
            written.replace(path)
    except OSError as error:
        problem = f"{path} cannot be written ({error.strerror})"
        raise Misconfigured(problem, field=argument, remedy="Name a folder that you may write.") from error
