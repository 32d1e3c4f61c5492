"""The n smallest values of an array, with the reference implementation's choice among equals."""

from __future__ import annotations

from typing import Any

import numpy as np

from workers.issues.arrays import Mask, Probabilities

SAMPLE = 2000  # values looked at to guess where the boundary is
GENEROUS, SPARE = 1.2, 20  # the guess lies this far above, so that it seldom falls short


def smallest(values: Probabilities, n: int) -> Mask:
    """Mark exactly the entries of `np.argsort(values)[:n]`.

    A partition finds the boundary. Only where equal values straddle it does the sort decide, and then the
    same sort is run: numpy's default is not stable, and its order of equals is part of the answer.
    """
    if n <= 0:
        return np.zeros(len(values), dtype=bool)
    if n >= len(values):
        return np.ones(len(values), dtype=bool)
    chosen: Mask = values <= nth_smallest(values, n)
    if np.count_nonzero(chosen) > n:
        chosen = np.zeros(len(values), dtype=bool)
        chosen[np.argsort(values)[:n]] = True
    return chosen


def nth_smallest(values: Probabilities, n: int) -> np.floating[Any]:
    """The value at place n - 1 of the sorted values, for 1 <= n <= len(values).

    Of many values, those below a bound guessed from every so many-th one are partitioned alone; where the
    guess holds fewer than n, all are.
    """
    step = len(values) // SAMPLE
    if step > 1:
        sample = values[::step]
        place = min(len(sample) - 1, int(GENEROUS * n / step) + SPARE)
        low = values[values <= np.partition(sample, place)[place]]
        values = low if len(low) >= n else values
    nth: np.floating[Any] = np.partition(values, n - 1)[n - 1]
    return nth
