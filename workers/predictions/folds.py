"""Which items are held out together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def stratified_folds(
    labels: NDArray[np.integer], n_folds: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """A fold number for each row, so that folds and the classes within them are as even as they can be.

    Rows are shuffled, brought together by class, and dealt out in turn; the deal goes on across classes,
    so that small classes do not all land in the first fold.
    """
    shuffled = rng.permutation(len(labels))
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]
    folds = np.empty(len(labels), dtype=np.int64)
    folds[by_class] = np.arange(len(labels)) % n_folds
    return folds
