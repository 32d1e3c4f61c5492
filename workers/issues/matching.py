"""Who belongs to whom, when each may belong to one only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def one_to_one(left: Ints, right: Ints, value: NDArray[np.float64]) -> Ints:
    """The pairs that are kept when the best is taken first, and each side only once.

    Parameters
    ----------
    left, right : (P,) int
        What each pair joins.
    value : (P,) float
        How well; equal ones are taken in order of left and right.

    Returns
    -------
    (M,) int
        Places of the kept pairs, the best first.
    """
    taken_left: set[int] = set()
    taken_right: set[int] = set()
    kept = []
    order = np.lexsort((right, left, -value))
    for place, a, b in zip(order.tolist(), left[order].tolist(), right[order].tolist(), strict=True):
        if a not in taken_left and b not in taken_right:
            taken_left.add(a)
            taken_right.add(b)
            kept.append(place)
    return np.array(kept, dtype=np.int64)
