"""Which items are held out together."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MANY = 20  # rows of a class in each fold from which chance spreads them evenly enough


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


def folds_by_id(ids: Sequence[int | str], labels: NDArray[np.integer], n_folds: int) -> NDArray[np.int64]:
    """A fold number for each row from its id, so that an item keeps its fold whatever comes and goes.

    A class with many rows is spread evenly by chance alone. Of a class with few, the rows are dealt out in
    turn in the order of their ids' hashes, so that no fold's model misses the class; the deal goes on
    across classes.
    """
    hashes = np.array([_hashed(name) for name in ids], dtype=np.uint64)
    folds = (hashes % np.uint64(n_folds)).astype(np.int64)
    counts = np.bincount(labels, minlength=1)
    few = np.flatnonzero(counts[labels] < MANY * n_folds)
    dealt = few[np.lexsort((hashes[few], labels[few]))]
    folds[dealt] = np.arange(len(dealt)) % n_folds
    return np.unique(folds, return_inverse=True)[1].astype(np.int64)  # no number without rows


def _hashed(name: int | str) -> int:
    return int.from_bytes(hashlib.blake2b(str(name).encode(), digest_size=8).digest(), "little")
