"""Reading rows in one loop that numba compiles (extra `compiled`); its answers are those of numpy's.

What numpy does in several passes is one here. Compiling takes seconds the first time, and reading what was
compiled a part of one in each process, so it pays where large matrices are judged often.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

from workers.issues.validation import InvalidInput

Loop: TypeAlias = Callable[..., float]  # lets other threads run


def compiled_loop() -> Loop:
    """The loop, compiled on its first use for each type of array.

    Raises
    ------
    InvalidInput
        numba is not installed.
    """
    result = _loop()
    if result is None:
        raise InvalidInput("needs numba", argument="compiled", remedy="Install secondlook[compiled]")
    return result


@cache
def _loop() -> Loop | None:
    try:
        import numba
    except ImportError:
        return None
    chosen: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
    result: Loop
    try:
        result = numba.njit(cache=True, **chosen)(_read)  # kept on disk for the next process
    except RuntimeError:  # there is no folder for it
        result = numba.njit(**chosen)(_read)
    return result


def _read(block: Any, predicted: Any, top: Any, sums: Any) -> float:  # pragma: no cover - compiled
    """As `reading` does; the lowest value of the block, or 0."""
    lowest = 0.0
    for i in range(block.shape[0]):
        best, at, total = block[i, 0], 0, 0.0
        for j in range(block.shape[1]):
            value = block[i, j]
            total += value
            if value > best:
                best, at = value, j
            if value < lowest:
                lowest = value
        predicted[i], top[i], sums[i] = at, best, total
    return lowest
