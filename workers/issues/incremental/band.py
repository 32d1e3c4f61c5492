"""The rows of one column whose probability lies near that column's cutoff."""

from __future__ import annotations

from bisect import bisect_left, insort

import numpy as np

from workers.issues.arrays import Mask, Probabilities, Rows

STEPS = 1000  # the band is as wide as this many changes of a class can move its threshold,
SHARE, LEAST = 16, 256  # but holds at most one row in so many, or so many rows
FRESH = 256  # changed rows kept aside before they are sorted in


class Band:
    """Rows by value, between `low` and `high`.

    A row whose value has changed is noted again and its old entry stays: what a band names are candidates
    to look at, and looking at one too many does no harm.
    """

    def __init__(self, low: float, high: float, values: Probabilities, rows: Rows) -> None:
        self.low = low
        self.high = high
        self.values = values
        self.rows = rows
        self._fresh: list[tuple[float, int]] = []

    def note(self, value: float, row: int) -> None:
        """A row has come to have this value."""
        if self.low <= value < self.high:
            insort(self._fresh, (value, row))

    def crossed(self, low: float, high: float, column: Probabilities) -> Rows | None:
        """The rows with low <= value < high, and perhaps a few others; None if the band ends before.

        `column` holds the values that are true now.
        """
        if low < self.low or high > self.high:
            return None
        if len(self._fresh) > FRESH:
            self.settle(column)
        start, end = np.searchsorted(self.values, np.array([low, high], dtype=self.values.dtype))
        first, last = bisect_left(self._fresh, (low, -1)), bisect_left(self._fresh, (high, -1))
        fresh = [row for _, row in self._fresh[first:last]]
        return np.concatenate([self.rows[start:end], np.array(fresh, dtype=self.rows.dtype)])

    def settle(self, column: Probabilities) -> None:
        """Sort in the rows kept aside, and drop entries that no longer hold."""
        rows = np.unique(np.append(self.rows, [row for _, row in self._fresh]).astype(np.intp))
        values = column[rows]
        inside = (values >= self.low) & (values < self.high)
        order = np.argsort(values[inside], kind="stable")
        self.rows, self.values = rows[inside][order], values[inside][order]
        self._fresh = []


def band_around(cutoff: float, column: Probabilities, present: Mask, class_size: int) -> Band:
    """Scan a column for the rows near the cutoff."""
    distance = np.abs(column - column.dtype.type(cutoff))
    distance[~present] = np.inf
    radius = STEPS / max(class_size, 1)
    most = max(LEAST, len(column) // SHARE)
    if np.count_nonzero(distance <= radius) > most:
        radius = float(np.partition(distance, most)[most])
    low, high = column.dtype.type(cutoff - radius), column.dtype.type(cutoff + radius)
    rows = np.flatnonzero((column >= low) & (column < high) & present)
    order = np.argsort(column[rows], kind="stable")
    return Band(float(low), float(high), column[rows][order], rows[order])
