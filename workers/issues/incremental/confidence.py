"""Of which class each row is confident, and how often each pair occurs, as labels and rows change."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from workers.issues.arrays import CHUNK, NO_CLASS, Classes, Counts, Mask, Probabilities, Rows, class_dtype
from workers.issues.incremental.band import Band, band_around
from workers.issues.incremental.growing import grown
from workers.issues.incremental.members import Members
from workers.issues.incremental.pruning_plan import PruningPlan
from workers.issues.incremental.table import REMOVED, Table
from workers.issues.joint import confident_counts
from workers.issues.thresholds import LOWEST, UNREACHABLE, cutoffs


class Confidence:
    """Confident classes under the thresholds of now.

    A change moves the thresholds of one or two classes by little. Only rows whose probability the moved
    cutoff has passed can have become confident or ceased to be; a `Band` of each column names them.
    """

    def __init__(
        self,
        table: Table,
        members: Sequence[Members],
        disagreeing: Mask,
        confident: Classes | None = None,
        bands: Sequence[Band] | None = None,
    ) -> None:
        self._table = table
        self._members = members
        self._means = np.array([_mean(of_class) for of_class in members])
        self._cutoffs = self._cutoffs_now()
        self._confident = self._all_judged() if confident is None else confident.copy()
        self._disagreeing = disagreeing.copy()
        self._sizes = np.array([len(of_class) for of_class in members], dtype=np.int64)
        self._pairs = self._all_counted()  # by (confident + 1, given)
        self.plan = PruningPlan(self._pairs[1:], self._sizes)
        self.n_off_diagonal = int(np.count_nonzero(self.off_diagonal(np.arange(table.n_rows))))
        self._bands = list(bands) if bands else [self._band(label) for label in range(table.n_classes)]

    @property
    def confident(self) -> Classes:
        """(N,) the class each row is confident of, or `NO_CLASS`."""
        return self._confident[: self._table.n_rows]

    @property
    def disagreeing(self) -> Mask:
        """(N,) rows whose given label does not win even with 1e-6 added to its probability."""
        return self._disagreeing[: self._table.n_rows]

    @property
    def bands(self) -> list[Band]:
        """The bands, sorted out."""
        for label, band in enumerate(self._bands):
            band.settle(self._table.probs[:, label])
        return self._bands

    def off_diagonal(self, rows: Rows) -> Mask:
        """Which of the rows are confident of another class than given, and disagree."""
        sure = self._confident[rows]
        mask: Mask = (sure != self._table.given[rows]) & (sure != NO_CLASS) & self._disagreeing[rows]
        return mask

    def leave(self, row: int) -> None:
        """Count a row no longer."""
        self.n_off_diagonal -= int(self.off_diagonal(np.array([row]))[0])
        self._pairs[self._confident[row] - NO_CLASS, self._table.given[row]] -= 1
        self._confident[row] = NO_CLASS
        self._disagreeing[row] = False

    def enter(self, row: int, probs: Probabilities, *, disagrees: bool) -> None:
        """Count a row that is new or has changed. It is confident of nothing until `settle`."""
        n_rows = self._table.n_rows
        self._confident = grown(self._confident, n_rows)
        self._disagreeing = grown(self._disagreeing, n_rows)
        self._confident[row] = NO_CLASS
        self._disagreeing[row] = disagrees
        self._pairs[0, self._table.given[row]] += 1
        for value, band in zip(probs.tolist(), self._bands, strict=True):
            band.note(value, row)

    def settle(self, rows: Rows, classes: set[int]) -> None:
        """Take in that some rows and classes have changed."""
        for label in classes:
            self._means[label] = _mean(self._members[label])
            self._sizes[label] = len(self._members[label])
        self.plan.touch(classes)
        before, self._cutoffs = self._cutoffs, self._cutoffs_now()
        moved = np.flatnonzero(before != self._cutoffs).tolist()
        crossed = [self._crossed(label, before[label]) for label in moved]
        self._judge(np.unique(np.concatenate([rows, *crossed])))

    def _crossed(self, label: int, before: np.floating) -> Rows:
        low, high = sorted([float(before), float(self._cutoffs[label])])
        column = self._table.probs[:, label]
        rows = self._bands[label].crossed(low, high, column)
        if rows is None:
            self._bands[label] = self._band(label)
            return np.flatnonzero((column >= low) & (column < high))
        return rows

    def _band(self, label: int) -> Band:
        column = self._table.probs[:, label]
        return band_around(
            float(self._cutoffs[label]), column, self._table.present, len(self._members[label])
        )

    def _judge(self, rows: Rows) -> None:
        """Find the confident class of some rows anew."""
        rows = rows[self._table.given[rows] != REMOVED]
        now = confident_classes(self._table.probs[rows], self._cutoffs)
        changed = now != self._confident[rows]
        rows, now = rows[changed], now[changed]
        if not rows.size:
            return
        self.n_off_diagonal -= int(np.count_nonzero(self.off_diagonal(rows)))
        given = self._table.given[rows].astype(np.intp)
        np.subtract.at(self._pairs, (self._confident[rows].astype(np.intp) - NO_CLASS, given), 1)
        self._confident[rows] = now
        np.add.at(self._pairs, (now - NO_CLASS, given), 1)
        self.plan.touch(set(given.tolist()))
        self.n_off_diagonal += int(np.count_nonzero(self.off_diagonal(rows)))

    def _all_judged(self) -> Classes:
        """The confident class of every row; `NO_CLASS` of those that are not there."""
        probs = self._table.probs
        result = np.empty(len(probs), dtype=class_dtype(probs.shape[1]))
        for start in range(0, len(probs), CHUNK):
            part = slice(start, start + CHUNK)
            result[part] = confident_classes(probs[part], self._cutoffs)
        result[~self._table.present] = NO_CLASS
        return result

    def _all_counted(self) -> Counts:
        present = self._table.present
        given = self._table.given[present]
        sure = confident_counts(given, self.confident[present], self._table.n_classes)
        return np.concatenate([(self._sizes - sure.sum(axis=0))[None], sure])

    def _cutoffs_now(self) -> Probabilities:
        return cutoffs(thresholds_from(self._means, self._table.probs.dtype), self._table.probs.dtype)


def confident_classes(block: Probabilities, limits: Probabilities) -> Classes:
    """The one class that reaches its cutoff; of several the row's most probable class."""
    hits: Mask = block >= limits
    n_hits = np.count_nonzero(hits, axis=1)
    several = np.where(n_hits > 1, block.argmax(axis=1), NO_CLASS)
    classes: NDArray[np.int64] = np.where(n_hits == 1, hits.argmax(axis=1), several)
    return classes


def _mean(members: Members) -> float:
    """NaN for a class without rows."""
    return float(members.mean()) if len(members) else np.nan


def thresholds_from(means: NDArray[np.float64], dtype: np.dtype[np.floating]) -> Probabilities:
    """What `thresholds.thresholds_of` makes of the means (NaN: no rows), in the type it makes it in."""
    absent = np.isnan(means)
    result: Probabilities = np.where(absent, UNREACHABLE, means)
    if not absent.any():
        result = result.astype(dtype)
    return np.maximum(result, result.dtype.type(LOWEST))
