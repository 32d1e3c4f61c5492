"""Which rows of numbers are nearly the same: one embedding twice, one picture in two files."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

FARTHEST = 0.05  # of the distance between two items at random: cosine .9975 where all have one length
CROWDED = 0.1  # of the distance to the next where all items fill their space evenly: few dimensions are dense
TABLES = 8
WIDTH = 1.0  # of a bucket, in deviations of the projection: near rows miss one in about 1 of 18
LEAST_BITS, MOST_BITS = 4, 12  # projections of a table; each leaves about a third of the rows together
BESIDE = 3  # rows compared with those that follow in their bucket
BLOCK = 65_536  # pairs at once
SAMPLE = 1000  # rows that show how many dimensions are filled
SEED = 20_210_208

Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]


def near_rows(matrix: NDArray[np.float64]) -> NDArray[np.int64]:
    """Number the groups of rows that lie far closer than two rows at random.

    Parameters
    ----------
    matrix
        (N, D), finite.

    Returns
    -------
    (N,) int
        Rows of one number are linked by pairs within the tolerance; numbers are in no order.

    Notes
    -----
    Candidates share a bucket of random projections (Datar, Immorlica, Indyk and Mirrokni 2004, section 3);
    within it each is compared with the next ones along one more projection. Nearly all pairs within half of
    the tolerance are found, and none beyond it.
    """
    n_rows, n_columns = matrix.shape
    if n_rows < 2:
        return np.arange(n_rows, dtype=np.int64)
    centred = matrix - matrix.mean(axis=0, dtype=np.float64)
    spread = float(np.sqrt(2 * np.square(centred).mean(axis=0).sum()))
    if n_columns == 0 or spread == 0:
        return np.zeros(n_rows, dtype=np.int64)
    tolerance = spread * min(FARTHEST, CROWDED * n_rows ** (-1 / _dimensions(centred)))
    result = [_within(centred, pairs, tolerance) for pairs in _candidates(centred)]
    first, second = (np.concatenate(each) for each in zip(*result, strict=True))
    graph = coo_matrix((np.ones(len(first), dtype=np.int8), (first, second)), shape=(n_rows, n_rows))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def _dimensions(centred: NDArray[np.float64]) -> float:
    """How many directions the rows fill: the participation ratio of their covariance, of a sample."""
    step = -(-len(centred) // SAMPLE)
    gram = centred[::step] @ centred[::step].T
    return max(1.0, float(np.trace(gram) ** 2 / max(np.square(gram).sum(), np.finfo(float).tiny)))


def _candidates(centred: NDArray[np.float64]) -> list[Pairs]:
    """Pairs (first, second) of rows of each table that lie side by side in one bucket."""
    n_rows, n_columns = centred.shape
    rng = np.random.default_rng(SEED)
    bits = int(np.clip(np.ceil(np.log(n_rows) / np.log(3)), LEAST_BITS, MOST_BITS))
    return [_table(centred @ rng.normal(size=(n_columns, bits + 1)), rng) for _ in range(TABLES)]


def _table(projected: NDArray[np.float64], rng: np.random.Generator) -> Pairs:
    scale = projected.std(axis=0)
    projected = projected / np.where(scale > 0, scale, 1.0)
    cells = np.floor(projected[:, 1:] / WIDTH + rng.random(projected.shape[1] - 1)).astype(np.int64)
    bucket = cells @ rng.integers(
        1, 1 << 62, cells.shape[1]
    )  # wraps: two buckets meet by chance, and no matter
    order = np.lexsort((projected[:, 0], bucket))
    steps = [
        (order[:-step][same], order[step:][same])
        for step in range(1, min(BESIDE, len(order) - 1) + 1)
        for same in [bucket[order[:-step]] == bucket[order[step:]]]
    ]
    return np.concatenate([a for a, _ in steps]), np.concatenate([b for _, b in steps])


def _within(centred: NDArray[np.float64], pairs: Pairs, tolerance: float) -> Pairs:
    first, second = pairs
    near = np.zeros(len(first), dtype=bool)
    for start in range(0, len(first), BLOCK):
        part = slice(start, start + BLOCK)
        near[part] = np.linalg.norm(centred[first[part]] - centred[second[part]], axis=1) <= tolerance
    return first[near], second[near]
