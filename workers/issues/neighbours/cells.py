"""Nearest rows among those of the nearest cells: time grows with the rows and not with their square."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import MiniBatchKMeans
from sklearn.exceptions import ConvergenceWarning

from workers.issues.arrays import Rows
from workers.issues.neighbours.selection import largest
from workers.issues.neighbours.space import Space

CELL = 1000  # rows on average
MOST = 4 * CELL  # rows of one cell; a larger one is cut, so that many equal rows cost no more than others
ASKED = 4  # cells of a row that are searched
BLOCK = 1024  # rows compared at a time
SEED = 20_210_208  # equal points give equal cells

Singles = NDArray[np.float32]


def by_cells(space: Space, count: int) -> Rows:
    """Candidates (N, count) for the nearest rows of each, itself among them; -1 where there are fewer.

    Notes
    -----
    An inverted file (Sivic and Zisserman 2003; Jégou, Douze and Schmid 2011, section IV): rows are divided
    among the centres of a mini-batch k-means, and each is compared with the rows of its four nearest cells.
    """
    points = np.ascontiguousarray(space.points, dtype=np.float32)
    offset = space.offset.astype(np.float32)
    asked = _nearest_cells(points)
    cells = _cut(asked[:, 0])
    first = np.full((len(points), count), -1, dtype=np.int32)
    value = np.full((len(points), count), -np.inf, dtype=np.float32)
    for place in range(asked.shape[1]):
        for members, rows in _meetings(cells, asked[:, place], own=place == 0):
            nearness = points[rows] @ points[members].T - offset[members]
            _keep(first, value, rows, members, nearness)
    return first.astype(np.intp)


def _nearest_cells(points: Singles) -> NDArray[np.int32]:
    """(N, 4) the nearest centres of each row, the nearest first."""
    n_cells = max(1, len(points) // CELL)
    model = MiniBatchKMeans(n_cells, random_state=SEED, init="random", n_init=1, batch_size=8192, max_iter=5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer distinct rows than cells
        centres = model.fit(points).cluster_centers_
    half = np.einsum("cd,cd->c", centres, centres) / 2
    asked = np.empty((len(points), min(ASKED, n_cells)), dtype=np.int32)
    for start in range(0, len(points), BLOCK):
        part = slice(start, start + BLOCK)
        asked[part] = np.argsort(half - points[part] @ centres.T, axis=1)[:, : asked.shape[1]]
    return asked


def _cut(cell: NDArray[np.int32]) -> list[list[Rows]]:
    """The rows of each cell, in parts of `MOST` at most."""
    order = np.argsort(cell, kind="stable")
    bounds = np.searchsorted(cell[order], np.arange(int(cell.max()) + 2))
    return [
        [order[start : min(start + MOST, stop)] for start in range(begin, stop, MOST)]
        for begin, stop in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)
    ]


def _meetings(cells: list[list[Rows]], asked: NDArray[np.int32], *, own: bool) -> Iterator[tuple[Rows, Rows]]:
    """Rows of a cell and those that ask it, in blocks; of a cell in parts its own meet their own part."""
    if own:
        pairs = [(part, part) for parts in cells for part in parts]
    else:
        order = np.argsort(asked, kind="stable")
        bounds = np.searchsorted(asked[order], np.arange(len(cells) + 1))
        asking = [order[begin:stop] for begin, stop in pairwise(bounds)]
        pairs = [(parts[0], rows) for parts, rows in zip(cells, asking, strict=True) if parts and len(rows)]
    for members, rows in pairs:
        for start in range(0, len(rows), BLOCK):
            yield members, rows[start : start + BLOCK]


def _keep(first: NDArray[np.int32], value: Singles, rows: Rows, members: Rows, nearness: Singles) -> None:
    """Take over what is nearer than what these rows have."""
    count = first.shape[1]
    columns, values = largest(nearness, min(count, len(members)))
    near = np.concatenate([first[rows], members[columns]], axis=1)
    both = np.concatenate([value[rows], values], axis=1)
    best = np.argpartition(both, both.shape[1] - count, axis=1)[:, -count:]
    first[rows] = np.take_along_axis(near, best, axis=1)
    value[rows] = np.take_along_axis(both, best, axis=1)
