"""Which items resemble a few given ones most: exact, by cosine similarity, in blocks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.preprocessing import normalize

BLOCK_CELLS = 20_000_000  # similarities held at a time: 160 MB


def nearest_rows(features: Any, rows: NDArray[np.intp], k: int) -> NDArray[np.intp]:
    """The k rows most similar to each of `rows`, itself excluded.

    Parameters
    ----------
    features : (N, D) array or sparse matrix
    rows : (M,) int
        Rows to find neighbours of.
    k : int
        Neighbours wanted; at most N - 1 are returned.

    Returns
    -------
    (M, min(k, N - 1)) int
        Row numbers, most similar first; equal similarities in row order.
    """
    unit = normalize(features)
    n = unit.shape[0]
    k = min(k, n - 1)
    near = np.empty((len(rows), max(k, 0)), dtype=np.intp)
    if k <= 0:
        return near
    step = max(1, BLOCK_CELLS // n)
    for start in range(0, len(rows), step):
        part = rows[start : start + step]
        product = unit[part] @ unit.T
        similarity = product.toarray() if issparse(product) else np.asarray(product)
        similarity[np.arange(len(part)), part] = -np.inf
        near[start : start + step] = _largest(similarity, k)
    return near


def _largest(similarity: NDArray[np.floating[Any]], k: int) -> NDArray[np.intp]:
    candidates = np.sort(np.argpartition(-similarity, k - 1, axis=1)[:, :k], axis=1)
    order = np.argsort(-np.take_along_axis(similarity, candidates, axis=1), axis=1, kind="stable")
    return np.take_along_axis(candidates, order, axis=1)
