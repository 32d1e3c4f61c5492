"""The n smallest values of an array, with the reference implementation's choice among equals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.issues.arrays import Mask, Probabilities, Rows
from workers.issues.groups import FEW_CLASSES, Groups

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
        low = values[values <= _bound(values[::step], n / len(values))]
        values = low if len(low) >= n else values
    nth: np.floating[Any] = np.partition(values, n - 1)[n - 1]
    return nth


def lowest(
    values: Probabilities, groups: Groups, wanted: NDArray[np.int64], classes: Sequence[int]
) -> dict[int, Rows]:
    """For some of the `classes`, some of their rows: those of the `wanted[label]` smallest values and more.

    One bound for all of them is guessed from every so many-th value; a class in which it holds fewer rows
    than wanted is left out, and so are all where a guess is not worth it.
    """
    step = len(values) // (SAMPLE * max(len(classes), 1))
    if step < 2 or len(groups.counts) > FEW_CLASSES:
        return {}
    sample, labels = values[::step], groups.labels[::step]
    bound = max(_bound(sample[labels == label], wanted[label] / groups.counts[label]) for label in classes)
    if np.count_nonzero(sample <= bound) > len(sample) / 2:
        return {}
    parts = groups.split(np.flatnonzero(values <= bound))
    return {label: parts[label] for label in classes if len(parts[label]) >= wanted[label]}


def _bound(sample: Probabilities, share: float) -> float:
    """A value that more than the share of the values does probably not exceed."""
    if len(sample) == 0:
        return -np.inf
    place = min(len(sample) - 1, int(GENEROUS * share * len(sample)) + SPARE)
    return float(np.partition(sample, place)[place])
