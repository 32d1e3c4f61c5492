"""Nearest rows by an approximate index, for more rows than an exact search can do, with its recall."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np

from workers.issues.arrays import Rows
from workers.issues.neighbours.exact import exact_search
from workers.issues.neighbours.result import Metric, Neighbours
from workers.issues.neighbours.selection import in_order
from workers.issues.neighbours.space import Space

SAMPLED = 500  # rows that the recall is measured on
SPARE = 2  # times k candidates are asked for: the index's own distances are in single precision
CONNECTIVITY = 24  # edges of a row in the index's graph
EXPANSION_ADD = 128  # candidates kept while the graph is built
EXPANSION_SEARCH = 128  # and while it is searched
BATCH = 50_000  # rows asked about at a time

Index = Callable[[Space, int], Rows]
"""From points and a count to (N, count) candidates of each row in any order, itself allowed, -1 for none."""


def installed_index() -> Index | None:
    """usearch's graph (Malkov & Yashunin 2016, arXiv:1603.09320) where the extra is installed."""
    return _by_usearch if importlib.util.find_spec("usearch") is not None else None


def searched_by(index: Index, space: Space, k: int) -> Neighbours:
    """The index's candidates in the order of their true distances, and the share that was found."""
    rows = np.arange(len(space))
    count = min(len(space), SPARE * k + 1)
    near = index(space, count)
    missing = (near < 0) | (near == rows[:, None])
    distances = np.where(missing, np.inf, space.distances(rows, np.where(missing, 0, near)))
    indices, distances = in_order(near, distances, k)
    lost = np.flatnonzero(~np.isfinite(distances).all(axis=1))
    indices[lost], distances[lost] = exact_search(space, lost, k)  # too few found: rare, so done at length
    sample = np.linspace(0, len(space) - 1, min(SAMPLED, len(space))).astype(np.intp)
    farthest = exact_search(space, sample, k)[1][:, -1:]
    recall = float(np.mean(distances[sample] <= farthest * (1 + 1e-9)))
    return Neighbours(indices, distances, space.metric, recall, len(sample))


def _by_usearch(space: Space, count: int) -> Rows:
    from usearch.index import Index as Graph

    graph = Graph(
        ndim=space.points.shape[1],
        metric="ip" if space.metric is Metric.COSINE else "l2sq",
        dtype="f32",
        connectivity=CONNECTIVITY,
        expansion_add=EXPANSION_ADD,
        expansion_search=EXPANSION_SEARCH,
    )
    points = space.points.astype(np.float32)
    # One thread: several would build another graph each time, and equal data shall give equal answers.
    graph.add(np.arange(len(points)), points, threads=1)
    near = np.full((len(points), count), -1, dtype=np.intp)
    for start in range(0, len(points), BATCH):
        result: Any = graph.search(points[start : start + BATCH], count)  # of a block, one answer a row
        keys = np.atleast_2d(result.keys).astype(np.intp)
        known = np.arange(keys.shape[1]) < np.reshape(result.counts, (-1, 1))
        near[start : start + BATCH, : keys.shape[1]] = np.where(known, keys, -1)
    return near
