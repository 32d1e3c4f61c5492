"""How many rows of each pair of classes to prune, as counts change."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workers.issues.arrays import Counts
from workers.issues.rounding import round_rows


class PruningPlan:
    """`joint.prune_counts(joint.calibrated(...))`, one given class at a time.

    A change touches the columns of few classes. Only those are scaled again; the sum over all, whose last
    bits depend on the order, is taken anew over the same layout.
    """

    def __init__(self, true_by_given: Counts, sizes: Counts) -> None:
        self._pairs = true_by_given
        self._sizes = sizes
        self._scaled = np.zeros(true_by_given.shape)
        self._total = 0.0
        self._stale = set(range(len(sizes)))
        self._columns: dict[int, Counts] = {}

    def touch(self, given: set[int]) -> None:
        """Counts of these given classes have changed."""
        self._stale |= given

    def of(self, given: int) -> Counts:
        """(K,) rows to prune by true class; at `given` itself the rows to keep."""
        if self._stale:
            self._refresh()
        if given not in self._columns:
            scaled: NDArray[np.float64] = self._scaled[:, given] / self._total * self._sizes.sum()
            self._columns[given] = _pruned(round_rows(scaled[None])[0], given)
        return self._columns[given]

    def _refresh(self) -> None:
        columns = np.array(sorted(self._stale))
        counts = self._pairs[:, columns]
        place = (columns, np.arange(len(columns)))
        counts[place] = np.maximum(counts[place], 1)
        self._scaled[:, columns] = counts / counts.sum(axis=0) * self._sizes[columns]
        self._total = np.sum(self._scaled)
        self._stale = set()
        self._columns = {}


def _pruned(counts: Counts, given: int) -> Counts:
    """What is left to prune when at least one row must stay; see `joint.prune_counts`."""
    kept = max(int(counts[given]), 1)
    others = max(np.count_nonzero(counts) - 1.0, 1.0)
    pruned: NDArray[np.float64] = np.maximum(counts - (kept - counts[given]) / others, 0.0)
    pruned[given] = kept
    return pruned.astype(np.int64)
