"""Loops over whole matrices, compiled by numba (extra `compiled`); their answers are those of numpy's.

What numpy does in several passes is one here. Compiling them takes seconds the first time, and reading
what was compiled a part of one in each process, so they pay where large matrices are judged often.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from workers.issues.arrays import Classes, Counts, Mask, Probabilities, Rows
from workers.issues.selection import nth_smallest
from workers.issues.validation import InvalidInput

BINS = 256  # into which margins are counted, to find the one that holds the boundary


@dataclass(frozen=True, slots=True)
class Loops:
    """The compiled loops. They let other threads run."""

    read: Callable[..., float]
    count: Callable[..., None]
    mark: Callable[..., None]


def compiled_loops() -> Loops:
    """The loops, compiled on their first use for each type of array.

    Raises
    ------
    InvalidInput
        numba is not installed.
    """
    result = _loops()
    if result is None:
        raise InvalidInput("needs numba", argument="compiled", remedy="Install secondlook[compiled]")
    return result


def largest_clear(
    loops: Loops,
    probs: Probabilities,
    places: Rows,
    trust: Probabilities,
    given: Classes,
    wanted: Counts,
    above_zero: float,
) -> tuple[Mask, Mask]:
    """`pruning._largest_clear` for all pairs at once.

    `places` says which rows of the matrix are meant, whose labels are `given` and have the probabilities
    `trust`; `wanted` is (given, other). The bin that holds a pair's boundary is found by counting, and that
    one alone is ordered. Returns which of the rows are hit, and which pairs could not be decided.
    """
    clear, size = probs.dtype.type(above_zero), wanted.size
    counts = np.zeros((*wanted.shape, BINS), dtype=np.int64)
    loops.count(probs, places, trust, given, clear, counts)
    above = counts.reshape(size, -1)[:, ::-1].cumsum(axis=1)[:, ::-1]  # in each bin and those above it
    sought = wanted.ravel()
    enough = (sought > 0) & (above[:, 0] >= sought)
    bins = np.where(enough, (above >= sought[:, None]).sum(axis=1) - 1, BINS)
    pairs = np.flatnonzero(enough)
    inside = np.zeros(size, dtype=np.int64)
    inside[pairs] = counts.reshape(size, -1)[pairs, bins[pairs]]
    ends = np.cumsum(inside)
    values, numbers = np.empty(int(ends[-1]), dtype=probs.dtype), np.empty(int(ends[-1]), dtype=np.intp)
    hit = np.zeros(len(places), dtype=bool)
    shape = wanted.shape
    free = (ends - inside).reshape(shape)
    loops.mark(probs, places, trust, given, clear, bins.reshape(shape), free, values, numbers, hit)
    left = (sought > 0) & ~enough
    for pair in pairs.tolist():
        part = slice(int(ends[pair] - inside[pair]), int(ends[pair]))
        missing = int(sought[pair] - (above[pair, bins[pair]] - inside[pair]))
        chosen = values[part] >= nth_smallest(values[part], len(values[part]) - missing + 1)
        left[pair] = np.count_nonzero(chosen) != missing  # the boundary is tied
        hit[numbers[part][chosen]] |= not left[pair]
    return hit, left.reshape(shape)


@cache
def _loops() -> Loops | None:
    try:
        import numba
    except ImportError:
        return None

    def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
        chosen: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
        result: Callable[..., Any]
        try:
            result = numba.njit(cache=True, **chosen)(function)  # kept on disk for the next process
        except RuntimeError:  # there is no folder for it
            result = numba.njit(**chosen)(function)
        return result

    return Loops(compiled(_read), compiled(_count), compiled(_mark))


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


def _count(
    probs: Any, places: Any, trust: Any, given: Any, clear: Any, counts: Any
) -> None:  # pragma: no cover - compiled
    for number in range(len(places)):
        for other in range(probs.shape[1]):
            margin = probs[places[number], other] - trust[number]
            if margin > clear:
                counts[given[number], other, min(int(margin * BINS), BINS - 1)] += 1


def _mark(
    probs: Any,
    places: Any,
    trust: Any,
    given: Any,
    clear: Any,
    bins: Any,
    free: Any,
    values: Any,
    numbers: Any,
    hit: Any,
) -> None:  # pragma: no cover - compiled
    """Mark what lies in a bin above the boundary's, and list what lies in that one."""
    for number in range(len(places)):
        label = given[number]
        for other in range(probs.shape[1]):
            margin = probs[places[number], other] - trust[number]
            if margin > clear:
                bin_ = min(int(margin * BINS), BINS - 1)
                hit[number] |= bin_ > bins[label, other]
                if bin_ == bins[label, other]:
                    values[free[label, other]], numbers[free[label, other]] = margin, number
                    free[label, other] += 1
