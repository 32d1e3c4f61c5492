"""Folders and files that nobody but the service's user reads, from the moment they are made."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def private_folder(folder: Path) -> None:
    """Make the folder for its owner alone; one that exists stays as it is. OSError where that fails.

    Of the folders above it that are missing nobody else may write to any: who could, would put another in
    its place.
    """
    for above in reversed(folder.parents):
        above.mkdir(exist_ok=True, mode=0o755)
    folder.mkdir(exist_ok=True, mode=0o700)


def private_file(file: Path) -> None:
    """Make an empty file for its owner alone, unless it exists. OSError where it cannot be made."""
    with suppress(FileExistsError):
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
