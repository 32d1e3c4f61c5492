"""The rows of each class, in row order."""

from __future__ import annotations

import numpy as np

from workers.issues.arrays import CHUNK, Classes, Counts, Rows

FEW_CLASSES = 16  # up to here a scan of the labels is cheaper than an index of 8 bytes a row


class Groups:
    """Which rows carry which label.

    With few classes the compact labels are scanned on request; with many an index is built once, which is
    then small beside the probabilities.
    """

    def __init__(self, labels: Classes, n_classes: int) -> None:
        self.labels = labels
        self.counts = _counts(labels, n_classes)
        self._order: Rows | None = None
        if n_classes > FEW_CLASSES:
            self._order = np.argsort(labels, kind="stable")
            self._ends = np.cumsum(self.counts)

    def rows(self, label: int) -> Rows:
        """The rows labelled `label`, ascending."""
        if self._order is None:
            return np.flatnonzero(self.labels == int(label))  # a numpy integer would widen all labels first
        end = self._ends[label]
        return self._order[end - self.counts[label] : end]


def _counts(labels: Classes, n_classes: int) -> Counts:
    """A bin count in chunks, because numpy widens what it counts to 8 bytes."""
    counts = np.zeros(n_classes, dtype=np.int64)
    for start in range(0, len(labels), CHUNK):
        counts += np.bincount(labels[start : start + CHUNK], minlength=n_classes)
    return counts
