"""Where the probabilities lie: side by side in one matrix, or cut into the tables of many texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from workers.issues.arrays import Probabilities, Rows
from workers.issues.spreading import slices


class RowSource(Protocol):
    """(N, K) probabilities that are read a part of the rows at a time."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and classes."""

    @property
    def dtype(self) -> np.dtype[np.floating[Any]]:
        """Of the probabilities."""

    def parts(self, step: int) -> Sequence[slice]:
        """All rows, in parts of about `step` that are cheap to read."""

    def block(self, part: slice) -> Probabilities:
        """The rows of a part, not to be written to."""

    def copy(self, part: slice, out: Probabilities) -> None:
        """The rows of a part, into another array of their type."""

    def keep(self, part: slice, rows: Rows, block: Probabilities) -> None:
        """Notice some rows of a part that is at hand: `kept` will be asked for all of them together."""

    def kept(self, rows: Rows) -> tuple[Probabilities, Rows]:
        """A matrix that holds the rows that were kept, which are these, and their places in it."""

    def gather(self, rows: Rows) -> Probabilities:
        """(R, K): any rows, ascending ones."""

    def whole(self) -> Probabilities:
        """All rows in one matrix."""


class MatrixRows:
    """A table in one piece."""

    def __init__(self, probs: Probabilities) -> None:
        self._probs = probs
        self.shape: tuple[int, int] = probs.shape  # type: ignore[assignment] # two dimensions
        self.dtype = probs.dtype

    def parts(self, step: int) -> Sequence[slice]:
        """Of any rows."""
        return slices(len(self._probs), step)

    def block(self, part: slice) -> Probabilities:
        """The rows themselves."""
        return self._probs[part]

    def copy(self, part: slice, out: Probabilities) -> None:
        """As numpy copies."""
        np.copyto(out, self._probs[part])

    def keep(self, part: slice, rows: Rows, block: Probabilities) -> None:
        """Nothing: they can be read again."""

    def kept(self, rows: Rows) -> tuple[Probabilities, Rows]:
        """The matrix, in which they have their own numbers."""
        return self._probs, rows

    def gather(self, rows: Rows) -> Probabilities:
        """As numpy takes them."""
        return self._probs.take(rows, axis=0)

    def whole(self) -> Probabilities:
        """The matrix."""
        return self._probs
