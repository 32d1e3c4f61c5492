"""Classes that are confused both ways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workers.issues.arrays import Counts
from workers.issues.kinds.rates import Floats, at_least, discoveries

LEAST_RATE = 0.02  # of a class given as the other: less is noise, whatever its significance


@dataclass(frozen=True, slots=True)
class ClassOverlap:
    """An estimated number of items of each class that truly are of the other; `score` 0..1.

    The score is the share of both classes' items that is on the wrong side.
    """

    first: int
    second: int
    first_as_second: int  # given as the first, truly of the second
    second_as_first: int
    score: float
    p_value: float


def overlapping(joint: ArrayLike) -> list[ClassOverlap]:
    """Pairs of classes that are confused with each other more than any two classes are, in both directions.

    Parameters
    ----------
    joint : (K, K) int
        Estimated rows of each pair of given (row) and true class (column): the confident joint.

    Returns
    -------
    list of Overlap
        Most overlapping first.

    Notes
    -----
    For each direction, an exact binomial test of the rate against that of all other pairs of classes, or
    2 % where that is more. Both directions must differ (intersection-union test, Berger 1982: the larger
    p-value counts), and pairs are corrected for their number by Benjamini and Hochberg. With two classes
    there are no other pairs, so 2 % it is.
    """
    counts = np.asarray(joint, dtype=np.int64)
    k = len(counts)
    first, second = np.nonzero(np.triu((counts > 0) & (counts.T > 0), k=1))
    if not len(first):
        return []
    there, back = counts[first, second], counts[second, first]
    sizes = counts.sum(axis=1)
    rate = _elsewhere(counts, there + back, sizes[first] + sizes[second])
    p = np.maximum(at_least(there, sizes[first], rate), at_least(back, sizes[second], rate))
    # All pairs were looked at, those without any confusion too.
    everyone = np.ones(k * (k - 1) // 2)
    everyone[: len(p)] = p
    result = np.flatnonzero(discoveries(everyone)[: len(p)])
    score = (there + back) / np.maximum(sizes[first] + sizes[second], 1)
    return [
        ClassOverlap(int(first[n]), int(second[n]), int(there[n]), int(back[n]), float(score[n]), float(p[n]))
        for n in sorted(result.tolist(), key=lambda n: -float(score[n]))
    ]


def _elsewhere(counts: Counts, here: NDArray[np.integer[Any]], items: NDArray[np.integer[Any]]) -> Floats:
    """The rate at which a class is confused with one other class, in all other pairs."""
    k = len(counts)
    confused = int(counts.sum() - counts.trace())
    chances = (k - 1) * int(counts.sum()) - items
    rate: Floats = np.maximum(confused - here, 0) / np.maximum(chances, 1)
    return np.maximum(rate, LEAST_RATE)
