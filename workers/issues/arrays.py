"""Names for the kinds of array that detection works on, and the compact class numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Classes: TypeAlias = NDArray[np.signedinteger[Any]]
Probabilities: TypeAlias = NDArray[np.floating[Any]]
Mask: TypeAlias = NDArray[np.bool_]
Rows: TypeAlias = NDArray[np.intp]
Counts: TypeAlias = NDArray[np.int64]

NO_CLASS = -1  # a row that is confident of no class
COLUMNWISE_CLASSES = 48  # up to here columns of a transposed block beat numpy's reductions of rows
BLOCK_BYTES = 1 << 20  # of the matrix at a time: about what a core's cache holds
LEAST_ROWS = 512  # of a block, whatever their width: below, calls cost more than what they compute
CHUNK = 1 << 16  # labels counted at a time, so that the temporaries stay small


def listed(values: Iterable[Any]) -> Sequence[Any]:
    """What can be walked more than once: the same, or a generator's values as a list."""
    return values if hasattr(values, "__len__") else list(values)  # type: ignore[return-value] # an array is one


def class_dtype(n_classes: int) -> np.dtype[np.signedinteger[Any]]:
    """The smallest signed integer that holds -1 (no class) to `n_classes`."""
    for dtype in (np.int8, np.int16, np.int32):
        if n_classes <= np.iinfo(dtype).max:
            return np.dtype(dtype)
    return np.dtype(np.int64)


class Shaped(Protocol):
    """What has rows, columns and a type."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows first."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of each entry."""


def block_rows(matrix: Shaped) -> int:
    """How many rows of the matrix make one block."""
    return max(LEAST_ROWS, BLOCK_BYTES // (matrix.shape[1] * matrix.dtype.itemsize))
