"""A file of named arrays that is whole or refused: versioned, checksummed, without code in it.

Layout: a magic line; the length of a header (8 bytes, little endian), its SHA-256 and the header (JSON: the
version, what the writer tells, and the name, type and shape of each array); the arrays' bytes (little
endian, row by row) in that order; and the SHA-256 of those.
"""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]

MAGIC = b"secondlook label issue state\n"
VERSION = 1
PIECE = 1 << 24  # bytes read and checked at a time
_DIGEST = 32  # bytes
_LENGTH = 8  # bytes
_LONGEST_HEADER = 1 << 20  # bytes
_DTYPES = frozenset({"|i1", "<i2", "<i4", "<i8", "<f4", "<f8", "|b1"})


class UnusableState(ValueError):
    """A saved state cannot be gone on from: foreign, cut short, damaged or of another version.

    `problem` says what is wrong with it. Nothing is lost: the state is built anew from labels and
    probabilities.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(f"saved state: {problem}. Build it anew from labels and probabilities")
        self.problem = problem


def write(target: str | Path | BinaryIO, facts: dict[str, Any], arrays: Arrays) -> None:
    """Write to a file object, or to a path whose old content stays until the new one is complete."""
    if not isinstance(target, str | Path):
        _write(target, facts, arrays)
        return
    path = Path(target)
    partial = path.with_name(f"{path.name}.partial")
    with partial.open("wb") as file:
        _write(file, facts, arrays)
    partial.replace(path)


def read(source: str | Path | BinaryIO) -> tuple[dict[str, Any], Arrays]:
    """What was written; raises `UnusableState`."""
    if not isinstance(source, str | Path):
        return _read(source)
    with Path(source).open("rb") as file:
        return _read(file)


def _write(file: BinaryIO, facts: dict[str, Any], arrays: Arrays) -> None:
    plain = {name: _little_endian(array) for name, array in arrays.items()}
    layout = [[name, array.dtype.str, list(array.shape)] for name, array in plain.items()]
    header = json.dumps({"version": VERSION, "told": facts, "arrays": layout}).encode()
    file.write(MAGIC + len(header).to_bytes(_LENGTH, "little") + hashlib.sha256(header).digest() + header)
    check = hashlib.sha256()
    for array in plain.values():
        content = array.reshape(-1).view(np.uint8)
        for start in range(0, len(content), PIECE):
            piece = content[start : start + PIECE].tobytes()
            check.update(piece)
            file.write(piece)
    file.write(check.digest())


def _little_endian(array: NDArray[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))


def _read(file: BinaryIO) -> tuple[dict[str, Any], Arrays]:
    header = _header(file)
    check = hashlib.sha256()
    arrays = {}
    for name, dtype, shape in header["arrays"]:
        if dtype not in _DTYPES:
            raise UnusableState(f"it holds an array of {dtype}")
        content = bytearray(math.prod(shape) * np.dtype(dtype).itemsize)
        for start in range(0, len(content), PIECE):
            piece = _exactly(file, min(PIECE, len(content) - start))
            check.update(piece)
            content[start : start + len(piece)] = piece
        arrays[name] = np.frombuffer(content, dtype=dtype).reshape(shape)
    if _exactly(file, _DIGEST) != check.digest():
        raise UnusableState("its content does not match its checksum")
    return header["told"], arrays


def _header(file: BinaryIO) -> Any:
    """The header, once its checksum holds: what it says can be trusted from then on."""
    if file.read(len(MAGIC)) != MAGIC:
        raise UnusableState("it does not begin as one")
    length = int.from_bytes(_exactly(file, _LENGTH), "little")
    if length > _LONGEST_HEADER:
        raise UnusableState("its header is damaged")
    digest, header = _exactly(file, _DIGEST), _exactly(file, length)
    if hashlib.sha256(header).digest() != digest:
        raise UnusableState("its header is damaged")
    result = json.loads(header)
    if result["version"] != VERSION:
        raise UnusableState(f"it is of version {result['version']}, and this release reads {VERSION}")
    return result


def _exactly(file: BinaryIO, n_bytes: int) -> bytes:
    content = file.read(n_bytes)
    if len(content) != n_bytes:
        raise UnusableState("it is cut short")
    return content
