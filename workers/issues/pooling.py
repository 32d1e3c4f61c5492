"""One score for a group of scores that lie side by side."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workers.issues.arrays import Counts

NOTHING_WRONG = 1.0  # the score of a group without members: there is nothing in it to doubt


def pooled_min(scores: NDArray[np.floating], sizes: Counts) -> NDArray[np.float64]:
    """(G,): the least score of each group of `sizes` (G,) consecutive scores; 1 for an empty group."""
    pooled = np.full(len(sizes), NOTHING_WRONG)
    filled = sizes > 0
    if filled.any():
        pooled[filled] = np.minimum.reduceat(scores, starts_of(sizes)[filled])
    return pooled


def pooled_softmin(scores: NDArray[np.floating], sizes: Counts, temperature: float) -> NDArray[np.float64]:
    """(G,): Σ s softmax(-s / temperature) over each group; 1 for an empty one.

    As the temperature falls towards 0 it becomes the least score; as it grows, the mean.
    """
    pooled = np.full(len(sizes), NOTHING_WRONG)
    filled = sizes > 0
    if not filled.any():
        return pooled
    starts = starts_of(sizes)[filled]
    scaled = scores / -temperature
    weight = np.exp(scaled - np.repeat(np.maximum.reduceat(scaled, starts), sizes[filled]))
    pooled[filled] = np.add.reduceat(weight * scores, starts) / np.add.reduceat(weight, starts)
    return pooled


def none_wrong(group: NDArray[np.integer], doubt: NDArray[np.float64], n_groups: int) -> NDArray[np.float64]:
    """(G,): the probability that nothing of a group is wrong, its members' doubts taken as independent."""
    right = np.full(n_groups, NOTHING_WRONG)
    np.multiply.at(right, group, 1 - doubt)
    return right


def starts_of(sizes: Counts) -> Counts:
    """(G,): where each group begins."""
    starts: Counts = np.cumsum(sizes) - sizes
    return starts
