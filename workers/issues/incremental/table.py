"""The rows of a changing data set: labels and probabilities under numbers that last."""

from __future__ import annotations

import numpy as np

from workers.issues.arrays import Classes, Counts, Mask, Probabilities, Rows
from workers.issues.incremental.growing import grown

REMOVED = -1  # the label of a row that is no longer there


class Table:
    """Labels and probabilities by row number. A removed row keeps its number; new rows come last."""

    def __init__(self, given: Classes, probs: Probabilities) -> None:
        n_rows = len(given)
        self.n_rows = n_rows
        self._given = grown(given[:0], n_rows)
        self._probs = grown(probs[:0], n_rows)
        self._given[:n_rows] = given
        self._probs[:n_rows] = probs

    @property
    def given(self) -> Classes:
        """(N,) classes, `REMOVED` where there is no row any more."""
        return self._given[: self.n_rows]

    @property
    def probs(self) -> Probabilities:
        """(N, K) probabilities."""
        return self._probs[: self.n_rows]

    @property
    def n_classes(self) -> int:
        """K."""
        return int(self._probs.shape[1])

    @property
    def present(self) -> Mask:
        """(N,) which rows are there."""
        mask: Mask = self.given != REMOVED
        return mask

    def counts(self) -> Counts:
        """(K,) rows of each class."""
        given = self.given
        return np.bincount(given[given != REMOVED], minlength=self.n_classes).astype(np.int64)

    def append(self, given: Classes, probs: Probabilities) -> Rows:
        """Add rows at the end; their numbers."""
        first, self.n_rows = self.n_rows, self.n_rows + len(given)
        self._given = grown(self._given, self.n_rows)
        self._probs = grown(self._probs, self.n_rows)
        self._given[first : self.n_rows] = given
        self._probs[first : self.n_rows] = probs
        return np.arange(first, self.n_rows)
