"""Which rows lie nearest to which: exact up to a size, by an index above where one is installed."""

from __future__ import annotations

from typing import Any

import numpy as np

from workers.issues.neighbours.approximate import Index, installed_index, searched_by
from workers.issues.neighbours.exact import exact_search
from workers.issues.neighbours.result import Metric, Neighbours
from workers.issues.neighbours.space import space
from workers.issues.validation import InvalidInput

EXACT_ROWS = 100_000  # the exact search takes half a minute here, and four times as long for twice as many
MOST_ROWS = 300_000  # an exact search takes minutes here, and hours for a few times as many


def too_many_rows(n_rows: int) -> bool:
    """Whether a graph of so many rows needs an index that is not installed (the extra `neighbours`)."""
    return n_rows > MOST_ROWS and installed_index() is None


def knn(
    features: Any,
    k: int = 10,
    metric: Metric | str | None = None,
    *,
    exact_rows: int = EXACT_ROWS,
    index: Index | None = None,
) -> Neighbours:
    """The k nearest other rows of each row.

    Parameters
    ----------
    features : (N, D) array or sparse matrix
        Finite numbers.
    k : int
        Neighbours wanted, at least 1; N - 1 where there are fewer.
    metric
        "cosine" or "euclidean"; by default cosine above three columns, as cleanlab chooses.
    exact_rows : int
        Above so many rows of dense features an approximate index is used, where the extra `neighbours`
        (usearch) is installed. Without it, and for sparse features, the search is exact at any size; its
        time grows with the square of the rows.
    index
        Another approximate index than the installed one.

    Returns
    -------
    Neighbours
        Memory beyond features and result: one copy of the features and about 150 MB.

    Raises
    ------
    InvalidInput
        For features that are no matrix of finite numbers, or an unknown metric.
    """
    if k < 1:
        raise InvalidInput(f"is {k}", argument="k", remedy="Ask for at least one neighbour")
    points = space(features, metric)
    k = min(k, max(0, len(points) - 1))
    chosen = index or installed_index()
    if len(points) > exact_rows and chosen is not None and not points.sparse:
        return searched_by(chosen, points, k)
    indices, distances = exact_search(points, np.arange(len(points)), k)
    return Neighbours(indices, distances, points.metric)
