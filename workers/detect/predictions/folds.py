"""Which items are held out together."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MANY = 20  # rows of a class in each fold from which chance spreads them evenly enough

Ints = NDArray[np.int64]


def stratified_folds(
    labels: NDArray[np.integer], n_folds: int, rng: np.random.Generator, groups: Ints | None = None
) -> Ints:
    """A fold number for each row, so that folds and the classes within them are as even as they can be.

    Rows are shuffled, brought together by class, and dealt out in turn; the deal goes on across classes,
    so that small classes do not all land in the first fold. Rows of one group land in one fold.
    """
    if groups is not None:
        members, majority = _representatives(labels, groups)
        return stratified_folds(majority, min(n_folds, len(majority)), rng)[members]
    shuffled = rng.permutation(len(labels))
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]
    folds = np.empty(len(labels), dtype=np.int64)
    folds[by_class] = np.arange(len(labels)) % n_folds
    return folds


def folds_by_id(
    ids: Sequence[int | str], labels: NDArray[np.integer], n_folds: int, groups: Ints | None = None
) -> Ints:
    """A fold number for each row from its id, so that an item keeps its fold whatever comes and goes.

    A class with many rows is spread evenly by chance alone. Of a class with few, the rows are dealt out in
    turn in the order of their ids' hashes, so that no fold's model misses the class; the deal goes on
    across classes. Rows of one group have the fold of the one whose hash is least.
    """
    hashes = np.array([_hashed(name) for name in ids], dtype=np.uint64)
    if groups is not None:
        members, majority = _representatives(labels, groups)
        least = np.full(len(majority), np.iinfo(np.uint64).max, dtype=np.uint64)
        np.minimum.at(least, members, hashes)
        folds = _dealt(least, majority, n_folds)[members]
    else:
        folds = _dealt(hashes, labels, n_folds)
    return np.unique(folds, return_inverse=True)[1].astype(np.int64)  # no number without rows


def _dealt(hashes: NDArray[np.uint64], labels: NDArray[np.integer], n_folds: int) -> Ints:
    folds = (hashes % np.uint64(n_folds)).astype(np.int64)
    counts = np.bincount(labels, minlength=1)
    few = np.flatnonzero(counts[labels] < MANY * n_folds)
    dealt = few[np.lexsort((hashes[few], labels[few]))]
    folds[dealt] = np.arange(len(dealt)) % n_folds
    return folds


def _representatives(labels: NDArray[np.integer], groups: Ints) -> tuple[Ints, NDArray[np.integer]]:
    """Each row's group, numbered anew, and each group's most frequent class.

    The only group of a class falls apart into its rows: held out whole, no model would know the class, and
    all its labels would look wrong.
    """
    members = np.unique(groups, return_inverse=True)[1]
    majority = _majority(labels, members)
    n_groups = np.bincount(majority, minlength=int(labels.max(initial=0)) + 1)
    apart = n_groups[majority[members]] < 2
    members = np.where(apart, len(majority) + np.arange(len(labels)), members)
    members = _in_order(members)
    return members, _majority(labels, members)


def _in_order(groups: Ints) -> Ints:
    """Numbered in the order of their first rows: without copies, each row is its own number."""
    _, first, place = np.unique(groups, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first, kind="stable"), kind="stable")[place]


def _majority(labels: NDArray[np.integer], members: Ints) -> NDArray[np.integer]:
    """The most frequent class of each group, the lowest of equals."""
    k = int(labels.max(initial=0)) + 1
    pairs, times = np.unique(members * k + labels, return_counts=True)
    order = np.lexsort((-pairs, times))  # the last of a group is its most frequent
    result = np.empty(int(members.max(initial=-1)) + 1, dtype=labels.dtype)
    result[pairs[order] // k] = pairs[order] % k
    return result


def _hashed(name: int | str) -> int:
    return int.from_bytes(hashlib.blake2b(str(name).encode(), digest_size=8).digest(), "little")
