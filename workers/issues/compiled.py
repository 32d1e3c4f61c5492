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
from workers.issues.validation import SLACK, InvalidInput

BINS = 256  # into which margins are counted, to find the one that holds the boundary


@dataclass(frozen=True, slots=True)
class Loops:
    """The compiled loops. They let other threads run."""

    read: Callable[..., float]
    place: Callable[..., None]
    count: Callable[..., None]
    mark: Callable[..., None]


@dataclass(slots=True)
class Reader:
    """Reads blocks of rows; its buffers are one thread's own."""

    loops: Loops
    top: Probabilities
    sums: Probabilities
    lowest: float = 0.0

    def read(
        self,
        block: Probabilities,
        cutoffs: Probabilities,
        given: Classes,
        into: tuple[Classes, Classes, Probabilities, Mask],
    ) -> Probabilities:
        """Write predicted and confident class, trust and disagreement of each row; its highest value."""
        top, self.sums = self.top[: len(block)], self.sums[: len(block)]
        slack = block.dtype.type(SLACK)
        self.lowest = self.loops.read(block, cutoffs, given, slack, *into, top, self.sums)
        return top


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


def by_class(loops: Loops, probs: Probabilities, given: Classes, starts: Counts) -> Probabilities:
    """The probabilities of the given labels, those of each class together from its start on."""
    placed = np.empty(len(given), dtype=probs.dtype)
    loops.place(probs, given, starts.copy(), placed)
    return placed


def largest_clear(
    loops: Loops,
    probs: Probabilities,
    trust: Probabilities,
    rows: Rows,
    given: Classes,
    wanted: Counts,
    above_zero: float,
) -> tuple[Mask, Mask]:
    """`pruning._largest_clear` for all pairs at once.

    `wanted` is (given, other). The bin that holds a pair's boundary is found by counting, and that one alone
    is ordered. Returns which of the `rows` are hit, and which pairs could not be decided.
    """
    clear, size = probs.dtype.type(above_zero), wanted.size
    counts = np.zeros((*wanted.shape, BINS), dtype=np.int64)
    loops.count(probs, trust, rows, given, clear, counts)
    above = counts.reshape(size, -1)[:, ::-1].cumsum(axis=1)[:, ::-1]  # in each bin and those above it
    sought = wanted.ravel()
    enough = (sought > 0) & (above[:, 0] >= sought)
    bins = np.where(enough, (above >= sought[:, None]).sum(axis=1) - 1, BINS)
    pairs = np.flatnonzero(enough)
    inside = np.zeros(size, dtype=np.int64)
    inside[pairs] = counts.reshape(size, -1)[pairs, bins[pairs]]
    ends = np.cumsum(inside)
    values, places = np.empty(int(ends[-1]), dtype=probs.dtype), np.empty(int(ends[-1]), dtype=np.intp)
    hit = np.zeros(len(rows), dtype=bool)
    shape = wanted.shape
    free = (ends - inside).reshape(shape)
    loops.mark(probs, trust, rows, given, clear, bins.reshape(shape), free, values, places, hit)
    left = (sought > 0) & ~enough
    for pair in pairs.tolist():
        part = slice(int(ends[pair] - inside[pair]), int(ends[pair]))
        missing = int(sought[pair] - (above[pair, bins[pair]] - inside[pair]))
        chosen = values[part] >= nth_smallest(values[part], len(values[part]) - missing + 1)
        left[pair] = np.count_nonzero(chosen) != missing  # the boundary is tied
        hit[places[part][chosen]] |= not left[pair]
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

    return Loops(compiled(_read), compiled(_place), compiled(_count), compiled(_mark))


def _read(
    block: Any,
    cutoffs: Any,
    given: Any,
    slack: Any,
    predicted: Any,
    confident: Any,
    trust: Any,
    disagreeing: Any,
    top: Any,
    sums: Any,
) -> float:  # pragma: no cover - compiled
    """As `reading` does; the lowest value of the block, or 0. What is not asked for has no entries."""
    lowest = 0.0
    for i in range(block.shape[0]):
        best, at, total, hits, hit = block[i, 0], 0, 0.0, 0, -1
        for j in range(block.shape[1]):
            value = block[i, j]
            total += value
            if value > best:
                best, at = value, j
            if value < lowest:
                lowest = value
        if len(cutoffs):
            for j in range(block.shape[1]):
                if block[i, j] >= cutoffs[j]:
                    hits += 1
                    hit = j
            confident[i] = at if hits > 1 else hit
        predicted[i], top[i], sums[i] = at, best, total
        if len(given):
            label = given[i]
            trust[i] = block[i, label]
            lifted = trust[i] + slack
            disagreeing[i] = at != label and (lifted < best or (lifted == best and label > at))
    return lowest


def _place(probs: Any, given: Any, free: Any, placed: Any) -> None:  # pragma: no cover - compiled
    for i in range(len(given)):
        label = given[i]
        placed[free[label]] = probs[i, label]
        free[label] += 1


def _count(
    probs: Any, trust: Any, rows: Any, given: Any, clear: Any, counts: Any
) -> None:  # pragma: no cover - compiled
    for row in rows:
        for other in range(probs.shape[1]):
            margin = probs[row, other] - trust[row]
            if margin > clear:
                counts[given[row], other, min(int(margin * BINS), BINS - 1)] += 1


def _mark(
    probs: Any,
    trust: Any,
    rows: Any,
    given: Any,
    clear: Any,
    bins: Any,
    free: Any,
    values: Any,
    places: Any,
    hit: Any,
) -> None:  # pragma: no cover - compiled
    """Mark what lies in a bin above the boundary's, and list what lies in that one."""
    for place in range(len(rows)):
        row = rows[place]
        label = given[row]
        for other in range(probs.shape[1]):
            margin = probs[row, other] - trust[row]
            if margin > clear:
                bin_ = min(int(margin * BINS), BINS - 1)
                hit[place] |= bin_ > bins[label, other]
                if bin_ == bins[label, other]:
                    values[free[label, other]], places[free[label, other]] = margin, place
                    free[label, other] += 1
