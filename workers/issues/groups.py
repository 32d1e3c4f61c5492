"""The rows of each class, in row order."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from workers.issues.arrays import CHUNK, Classes, Counts, Rows
from workers.issues.spreading import slices

BINARY = 2  # up to here comparing labels with each class beats sorting them
FEW_CLASSES = 16  # up to here it beats counting them, and an index of 8 bytes a row


class Groups:
    """Which rows carry which label; `counts` (K,) says how many.

    With few classes the compact labels are scanned on request; with many an index is built once, which is
    then small beside the probabilities.
    """

    def __init__(self, labels: Classes, n_classes: int) -> None:
        self.labels = labels
        # (chunks, K): counted in chunks, because numpy widens what it counts to 8 bytes.
        self.counts_by_chunk: Counts = np.array(
            [_counts(labels[part], n_classes) for part in self.chunks()], dtype=np.int64
        )
        self.counts: Counts = self.counts_by_chunk.sum(axis=0)

    def chunks(self) -> list[slice]:
        """The chunks of rows that are counted together."""
        return list(slices(len(self.labels), CHUNK))

    def by_class(self, part: slice) -> Rows:
        """The places of a chunk of rows, by class and in order within each."""
        labels, n_classes = self.labels[part], len(self.counts)
        if n_classes > BINARY:
            return np.argsort(labels, kind="stable")
        return np.concatenate([np.flatnonzero(labels == label) for label in range(n_classes)])

    def rows(self, label: int) -> Rows:
        """The rows labelled `label`, ascending."""
        if len(self.counts) <= FEW_CLASSES:
            return np.flatnonzero(self.labels == int(label))  # a numpy integer would widen all labels first
        order, ends = self._index
        return order[ends[label] - self.counts[label] : ends[label]]

    def split(self, rows: Rows) -> list[Rows]:
        """Some rows by their class, each part in the order of `rows`."""
        return [rows[places] for places in self.places(self.labels[rows])]

    def places(self, given: Classes) -> list[Rows]:
        """Where each class stands in some labels."""
        ends = np.cumsum(np.bincount(given, minlength=len(self.counts)))
        return np.split(np.argsort(given, kind="stable"), ends[:-1])

    @cached_property
    def _index(self) -> tuple[Rows, Counts]:
        return np.argsort(self.labels, kind="stable"), np.cumsum(self.counts)


def _counts(labels: Classes, n_classes: int) -> Counts:
    if n_classes > FEW_CLASSES:
        return np.bincount(labels, minlength=n_classes)
    return np.array([np.count_nonzero(labels == label) for label in range(n_classes)])
