"""The neighbour graph: computed once, read by everything that asks which items are alike."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from workers.issues.arrays import Rows


class Metric(StrEnum):
    """How far two rows of features lie apart."""

    COSINE = "cosine"  # 1 - cos of the angle, 0..2; a row of zeros is at 1 from every other
    EUCLIDEAN = "euclidean"


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The nearest other rows of each row.

    `indices` and `distances` are (N, k), nearest first and never the row itself; equal distances stand in
    row order. `recall` (0..1) is the share of the true neighbours that were found: 1 where the search was
    exact, else measured against the exact answer on `recall_rows` rows.
    """

    indices: Rows
    distances: NDArray[np.float64]
    metric: Metric
    recall: float = 1.0
    recall_rows: int = 0

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def k(self) -> int:
        """How many neighbours each row has."""
        return int(self.indices.shape[1])

    @property
    def exact(self) -> bool:
        """Whether these are the true neighbours rather than an index's approximation."""
        return self.recall_rows == 0
