"""The true nearest rows, in blocks: found in single precision where that is provably enough."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from workers.issues.arrays import Rows
from workers.issues.neighbours.result import Metric
from workers.issues.neighbours.selection import in_order, largest
from workers.issues.neighbours.space import Space

BLOCK_CELLS = 1 << 24  # nearnesses held at a time: 64 MB in single precision
MOST_ROWS = 512  # in one block; more do not make the product faster
LEAST_SPARE = 8  # candidates beyond k
TREE_COLUMNS = 3  # up to here a k-d tree is faster than any product

Found = tuple[Rows, NDArray[np.float64]]
Candidates = Callable[[Rows, int], tuple[Rows, NDArray[np.float64]]]


def exact_search(space: Space, rows: Rows, k: int) -> Found:
    """The k nearest other rows of each of `rows`: (M, k) indices and distances, nearest first.

    Equal distances stand in row order; so do rows whose distances differ by less than rounding where only
    some of them fit.

    Notes
    -----
    Candidates are the rows nearest by inner products in the quickest precision there is; their distances
    are computed again in double precision. Whatever the first step left out is farther than the k-th of
    them by more than the first step's rounding can hide, or the row is done again in double precision.
    """
    indices = np.empty((len(rows), k), dtype=np.intp)
    distances = np.empty((len(rows), k))
    if k == 0 or not len(rows):
        return indices, distances
    count = min(len(space) - 1, max(2 * k, k + LEAST_SPARE))
    propose, unit = _proposer(space)
    for part in _parts(len(rows), len(space)):
        near, outside = propose(rows[part], count)
        indices[part], distances[part] = in_order(near, space.distances(rows[part], near), k)
        if count == len(space) - 1:
            continue
        reached = space.nearness_at(rows[part], distances[part, -1])
        sure = reached - space.rounding(rows[part], distances[part, -1], unit) > outside
        again = np.flatnonzero(~sure)
        indices[part][again], distances[part][again] = _in_full(space, rows[part][again], k)
    return indices, distances


def _proposer(space: Space) -> tuple[Candidates, float]:
    """How to find candidates and the highest nearness of what is left out, and the round-off of that."""
    if space.metric is Metric.EUCLIDEAN and not space.sparse and space.points.shape[1] <= TREE_COLUMNS:
        return _by_tree(space), float(np.finfo(np.float64).eps)
    dtype = np.float64 if space.sparse else np.float32
    if float(space.square.max()) > np.finfo(np.float32).max / 4:
        dtype = np.float64
    nearness = _nearness(space, dtype)

    def propose(rows: Rows, count: int) -> tuple[Rows, NDArray[np.float64]]:
        columns, values = largest(nearness(rows), count)
        return columns, values.min(axis=1).astype(np.float64)

    return propose, float(np.finfo(dtype).eps)


def _by_tree(space: Space) -> Candidates:
    tree = cKDTree(space.points)

    def propose(rows: Rows, count: int) -> tuple[Rows, NDArray[np.float64]]:
        apart, result = tree.query(space.points[rows], k=count + 1)
        own = result == rows[:, None]
        own[~own.any(axis=1), -1] = True  # among many equal rows its own may not be listed
        return result[~own].reshape(len(rows), count), space.nearness_at(rows, apart[:, -1])

    return propose


def _nearness(space: Space, dtype: type[np.floating[Any]]) -> Callable[[Rows], NDArray[np.floating[Any]]]:
    points = space.points.astype(dtype, copy=False)
    across = points.T.tocsr() if space.sparse else points.T
    offset = space.offset.astype(dtype)
    # One block for all: fresh memory costs the system a third of the time of the product.
    shape = (_block_rows(len(space)), len(space))
    kept = None if space.sparse else np.empty(shape, dtype=dtype)

    def nearness(rows: Rows) -> NDArray[np.floating[Any]]:
        block: NDArray[np.floating[Any]]
        if kept is None:
            block = (points[rows] @ across).toarray()
        else:
            block = np.matmul(points[rows], across, out=kept[: len(rows)])
        if space.metric is Metric.EUCLIDEAN:
            block -= offset
        block[np.arange(len(rows)), rows] = -np.inf
        return block

    return nearness


def _in_full(space: Space, rows: Rows, k: int) -> Found:
    """The same from all inner products in double precision, ties at the end by row number."""
    indices = np.empty((len(rows), k), dtype=np.intp)
    distances = np.empty((len(rows), k))
    if not len(rows):
        return indices, distances
    nearness = _nearness(space, np.float64)
    unit = float(np.finfo(np.float64).eps)
    for part in _parts(len(rows), len(space)):
        block = nearness(rows[part])
        last = largest(block, k)[1].min(axis=1)
        reach = np.sqrt(np.maximum(space.square[rows[part]] - 2 * last, 0))
        slack = 2 * space.rounding(rows[part], reach, unit)
        near = np.stack([_nearest(*each, k) for each in zip(block, last, slack, strict=True)])
        indices[part], distances[part] = in_order(near, space.distances(rows[part], near), k)
    return indices, distances


def _nearest(nearness: NDArray[np.float64], last: float, slack: float, k: int) -> Rows:
    """Up to the k-th: all that are nearer beyond doubt, and as many as fit of those that tie with it."""
    near = np.flatnonzero(nearness >= last - slack)
    tied = nearness[near] <= last + slack
    beyond_doubt = near[~tied][:k]
    return np.concatenate([beyond_doubt, near[tied][: k - len(beyond_doubt)]])


def _parts(n_rows: int, n_columns: int) -> Iterator[slice]:
    step = _block_rows(n_columns)
    return (slice(start, start + step) for start in range(0, n_rows, step))


def _block_rows(n_columns: int) -> int:
    return min(MOST_ROWS, max(1, BLOCK_CELLS // n_columns))
