"""The rows of one class in their order, with the probability of that class."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from itertools import pairwise

import numpy as np

from workers.issues.arrays import Classes, Probabilities, Rows
from workers.issues.incremental.growing import floats


class Members:
    """Row numbers, ascending, and self-confidences, both without gaps.

    A row that comes or goes moves those behind it, at memory speed. In return the mean is numpy's own sum
    over the very array that `label_issues` averages, so that it is the same to the last bit: how numpy
    pairs what it adds depends on every element's place, and no running sum could follow that.
    """

    def __init__(self, rows: Rows, trust: Probabilities) -> None:
        self._rows = array("q", rows.astype(np.int64).tobytes())
        self._trust = floats(trust)
        self._dtype = trust.dtype

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, row: int, trust: float) -> None:
        """Take in a row."""
        place = len(self._rows)
        if place and self._rows[-1] > row:
            place = bisect_left(self._rows, row)
        self._rows.insert(place, row)
        self._trust.insert(place, trust)

    def discard(self, row: int) -> None:
        """Let a row go."""
        place = bisect_left(self._rows, row)
        del self._rows[place]
        del self._trust[place]

    def replace(self, row: int, trust: float) -> None:
        """A row's probability has changed."""
        self._trust[bisect_left(self._rows, row)] = trust

    def rows(self) -> Rows:
        """Row numbers, ascending; a copy."""
        return np.array(np.frombuffer(self._rows, dtype=np.int64), dtype=np.intp)

    def trust(self) -> Probabilities:
        """Self-confidences in row order; a copy."""
        return np.array(np.frombuffer(self._trust, dtype=self._dtype))

    def places(self, rows: Rows) -> Rows:
        """Where in the order some of the rows stand."""
        return np.searchsorted(np.frombuffer(self._rows, dtype=np.int64), rows)

    def mean(self) -> np.floating:
        """Mean self-confidence, as numpy rounds it."""
        mean: np.floating = np.mean(np.frombuffer(self._trust, dtype=self._dtype))
        return mean


def members_of(given: Classes, trust: Probabilities, n_classes: int) -> list[Members]:
    """The members of every class; rows with a negative label belong to none."""
    order = np.argsort(given, kind="stable")
    ends = np.searchsorted(given[order], np.arange(n_classes + 1))
    parts = [order[start:end] for start, end in pairwise(ends)]
    return [Members(rows, trust[rows]) for rows in parts]
