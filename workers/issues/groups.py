"""The rows of each class, in row order."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from workers.issues.arrays import CHUNK, Classes, Counts, Rows
from workers.issues.spreading import slices

FEW_CLASSES = 16  # up to here a scan of the labels is cheaper than an index of 8 bytes a row


class Groups:
    """Which rows carry which label; `counts` (K,) says how many.

    With few classes the compact labels are scanned on request; with many an index is built once, which is
    then small beside the probabilities.
    """

    def __init__(self, labels: Classes, n_classes: int) -> None:
        self.labels = labels
        # (chunks, K): counted in chunks, because numpy widens what it counts to 8 bytes.
        self.counts_by_chunk: Counts = np.array(
            [np.bincount(labels[part], minlength=n_classes) for part in self.chunks()], dtype=np.int64
        )
        self.counts: Counts = self.counts_by_chunk.sum(axis=0)

    def chunks(self) -> list[slice]:
        """The chunks of rows that are counted together."""
        return list(slices(len(self.labels), CHUNK))

    def rows(self, label: int) -> Rows:
        """The rows labelled `label`, ascending."""
        if len(self.counts) <= FEW_CLASSES:
            return np.flatnonzero(self.labels == int(label))  # a numpy integer would widen all labels first
        order, ends = self._index
        return order[ends[label] - self.counts[label] : ends[label]]

    def split(self, rows: Rows) -> list[Rows]:
        """Some rows by their class, each part in the order of `rows`."""
        given = self.labels[rows]
        ends = np.cumsum(np.bincount(given, minlength=len(self.counts)))
        return np.split(rows[np.argsort(given, kind="stable")], ends[:-1])

    @cached_property
    def _index(self) -> tuple[Rows, Counts]:
        return np.argsort(self.labels, kind="stable"), np.cumsum(self.counts)
