"""The n smallest values of an array, with the reference implementation's choice among equals."""

from __future__ import annotations

import numpy as np

from workers.issues.arrays import Mask, Probabilities


def smallest(values: Probabilities, n: int) -> Mask:
    """Mark exactly the entries of `np.argsort(values)[:n]`.

    A partition finds the boundary. Only where equal values straddle it does the sort decide, and then the
    same sort is run: numpy's default is not stable, and its order of equals is part of the answer.
    """
    if n <= 0:
        return np.zeros(len(values), dtype=bool)
    if n >= len(values):
        return np.ones(len(values), dtype=bool)
    boundary = np.partition(values, n - 1)[n - 1]
    chosen: Mask = values <= boundary
    if np.count_nonzero(chosen) > n:
        chosen = np.zeros(len(values), dtype=bool)
        chosen[np.argsort(values)[:n]] = True
    return chosen
