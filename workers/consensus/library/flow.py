"""From which class to which: confusions of a person, and what corrections do to each class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from workers.consensus.arrays import Floats, Ints, ratio, same_length, whole_numbers


@dataclass(frozen=True, slots=True)
class Flow:
    """`moved` (K, K) counts items from row to column; `net` is what the column gained from the row."""

    moved: Ints
    net: Ints
    change: Ints  # (K,): items gained less items lost
    lost_share: Floats  # (K,): net loss over the size before, 0 for a class that grew, NaN for an empty one


def confusion_matrix(truth: ArrayLike, answered: ArrayLike, n_classes: int) -> Ints:
    """(K, K): how often `answered` (column) was the answer to a task of class `truth` (row).

    Raises
    ------
    InvalidVotes
        For arrays that differ in length or labels outside 0..n_classes - 1.
    """
    row = whole_numbers("truth", truth, n_classes)
    column = whole_numbers("said", answered, n_classes)
    same_length(truth=row, said=column)
    flat = np.bincount(row * n_classes + column, minlength=n_classes * n_classes)
    return flat.reshape(n_classes, n_classes)


def class_flow(before: ArrayLike, after: ArrayLike, n_classes: int) -> Flow:
    """What a run of corrections moves between classes.

    Parameters
    ----------
    before, after : (N,) int
        The label of every item, changed or not.
    n_classes
        K; labels are 0..K-1.

    Raises
    ------
    InvalidVotes
        As `confusion_matrix`.
    """
    matrix = confusion_matrix(before, after, n_classes)
    size = matrix.sum(axis=1)
    change = matrix.sum(axis=0) - size
    moved = matrix.copy()
    np.fill_diagonal(moved, 0)
    lost = ratio(np.maximum(-change, 0).astype(np.float64), size.astype(np.float64))
    return Flow(moved, moved - moved.T, change, lost)
