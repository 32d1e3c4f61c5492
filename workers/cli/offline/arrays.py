"""Arrays from .npy files, with errors that name the option they were given for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from connector.wording import number_of
from workers.cli.offline.errors import BadFile, NoFile

MAGIC = b"\x93NUMPY"  # how every .npy file begins
ZIP = b"PK"  # an .npz archive


def load_array(path: Path, argument: str) -> NDArray[Any]:
    """The array of a .npy file, mapped rather than read. BadFile where it is none."""
    try:
        with path.open("rb") as file:
            start = file.read(len(MAGIC))
        if start and not start.startswith((MAGIC, ZIP)):
            problem = f"{path.name} is no .npy file"
            raise BadFile(problem, argument=argument, remedy="Save an array of numbers with numpy.save")
        loaded = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError as error:
        raise NoFile(f"there is no file {path}", argument=argument, remedy="Check the path") from error
    except (OSError, ValueError, EOFError) as error:
        text = str(error).strip().rstrip(".") or type(error).__name__
        if "Python objects" in text:
            problem = f"{path.name} holds Python objects, not numbers"
            raise BadFile(problem, argument=argument, remedy="Convert the array before saving it") from error
        remedy = "The file may be cut short: save it again with numpy.save"
        raise BadFile(f"{path.name} cannot be read ({text})", argument=argument, remedy=remedy) from error
    if not isinstance(loaded, np.ndarray):  # an .npz archive
        return _only_array(loaded, path, argument)
    return loaded


def _only_array(archive: NpzFile, path: Path, argument: str) -> NDArray[Any]:
    """What an archive holds, where that is one array."""
    with archive:
        if len(archive.files) == 1:
            only: NDArray[Any] = archive[archive.files[0]]
            return only
        names = ", ".join(archive.files[:6]) or "none"
    problem = f"{path.name} holds {len(archive.files)} arrays ({names})"
    raise BadFile(problem, argument=argument, remedy="Save one array with numpy.save")


def checked_classes(result: NDArray[Any], argument: str, n_rows: int, n_classes: int) -> NDArray[Any]:
    """The same classes, where they are (n_rows,) integers in 0..n_classes - 1; else BadFile."""
    if result.ndim != 1 or result.dtype.kind not in "iu":
        problem = f"it holds {result.ndim} dimensions of {result.dtype}"
        raise BadFile(problem, argument=argument, remedy="Save one integer class number per item")
    if len(result) != n_rows:
        problem = f"it has {number_of(len(result), 'entry', 'entries')} for {number_of(n_rows, 'label')}"
        raise BadFile(problem, argument=argument, remedy="Save both for the same items, in the same order")
    bad = np.flatnonzero((result < 0) | (result >= n_classes))
    if bad.size:
        problem = f"class {result[bad[0]]} is outside 0..{n_classes - 1}"
        remedy = "Number the classes as the columns of --probs"
        raise BadFile(problem, argument=argument, where=f"row {bad[0]}", remedy=remedy)
    return result
