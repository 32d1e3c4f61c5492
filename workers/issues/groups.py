"""The rows of each class, in row order."""

from __future__ import annotations

import numpy as np

from workers.issues.arrays import Classes, Counts, Rows

FEW_CLASSES = 16  # up to here a scan of the labels is cheaper than an index of 8 bytes a row


class Groups:
    """Which rows carry which label.

    With few classes the compact labels are scanned on request; with many an index is built once, which is
    then small beside the probabilities.
    """

    def __init__(self, labels: Classes, n_classes: int) -> None:
        self._labels = labels
        self.counts: Counts = np.bincount(labels, minlength=n_classes)
        self._order: Rows | None = None
        if n_classes > FEW_CLASSES:
            self._order = np.argsort(labels, kind="stable")
            self._ends = np.cumsum(self.counts)

    def rows(self, label: int) -> Rows:
        """The rows labelled `label`, ascending."""
        if self._order is None:
            return np.flatnonzero(self._labels == label)
        end = self._ends[label]
        return self._order[end - self.counts[label] : end]
