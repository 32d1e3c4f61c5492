"""Features made ready for a metric, so that nearness is an inner product, which BLAS computes fast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack, issparse
from sklearn.preprocessing import normalize

from workers.issues.arrays import Rows
from workers.issues.neighbours.result import Metric
from workers.issues.validation import InvalidInput

HIGH_DIMENSION = 3  # more columns than this: the angle tells more than the distance (as cleanlab has it)
GATHERED = 1 << 20  # numbers of pairs brought together at a time: 8 MB


@dataclass(frozen=True)
class Space:
    """N rows under a metric. Nearness of rows i and j is `points[i] @ points[j] - offset[j]`.

    `points` is (N, D) float64, dense or csr; `square` (N,) holds their squared lengths; `offset` (N,) is 0
    for cosine, whose points have length 1, and half of `square` for the Euclidean metric.
    """

    metric: Metric
    points: Any
    square: NDArray[np.float64]
    offset: NDArray[np.float64]

    def __len__(self) -> int:
        return int(self.points.shape[0])

    @property
    def sparse(self) -> bool:
        """Whether the points are a sparse matrix."""
        return bool(issparse(self.points))

    def distances(self, rows: Rows, others: Rows) -> NDArray[np.float64]:
        """Of each of `rows` (M,) to its `others` (M, C), from differences, pair by pair.

        Differences keep their precision however near two rows are, equal rows are at 0 exactly, and no
        block shape shows in the result, as it does in that of a matrix product.
        """
        apart = np.empty(others.shape)
        step = max(1, GATHERED // max(1, others.shape[1] * self._width()))
        for start in range(0, len(rows), step):
            part = slice(start, start + step)
            apart[part] = self._squared(rows[part], others[part])
        return np.sqrt(apart) if self.metric is Metric.EUCLIDEAN else apart / 2

    def nearness_at(self, rows: Rows, distances: NDArray[np.float64]) -> NDArray[np.float64]:
        """The nearness of a point at such a distance from each of `rows`: both (M,)."""
        if self.metric is Metric.COSINE:
            return 1.0 - distances
        return np.asarray((self.square[rows] - np.square(distances)) / 2)

    def rounding(self, rows: Rows, distances: NDArray[np.float64], unit: float) -> NDArray[np.float64]:
        """How far a computed nearness of `rows` to any point within `distances` may be off: both (M,).

        The bound of an inner product of D terms, (D + 4) times the unit round-off times the lengths, where
        no point within the distance is longer than the row and the distance together.
        """
        length = np.sqrt(self.square[rows])
        reach = length + distances if self.metric is Metric.EUCLIDEAN else np.ones(len(rows))
        return np.asarray((self.points.shape[1] + 4) * unit * (length * reach + np.square(reach) / 2))

    def _width(self) -> int:
        return max(1, self.points.nnz // len(self)) if self.sparse else int(self.points.shape[1])

    def _squared(self, rows: Rows, others: Rows) -> NDArray[np.float64]:
        if self.sparse:
            apart = self.points[np.repeat(rows, others.shape[1])] - self.points[others.ravel()]
            return _squares(apart).reshape(others.shape)
        there = self.points[others]
        there -= self.points[rows][:, None, :]
        return np.asarray(np.einsum("rcd,rcd->rc", there, there))


def space(features: Any, metric: Metric | str | None = None) -> Space:
    """Check features and make them ready.

    Parameters
    ----------
    features : (N, D) array or sparse matrix
    metric
        By default cosine above three columns and Euclidean up to there.

    Raises
    ------
    InvalidInput
        For another shape, values that are no finite numbers, or an unknown metric.
    """
    matrix = _checked(features)
    chosen = _metric(metric, matrix.shape[1])
    if chosen is Metric.COSINE:
        points = _on_the_sphere(matrix)
        square = _squares(points)
        return Space(chosen, points, square, np.zeros(len(square)))
    if not issparse(matrix) and len(matrix):
        # Short rows lose least in inner products; a single far row moves the mean, but no median.
        matrix = matrix - np.median(matrix, axis=0)
    square = _squares(matrix)
    return Space(chosen, matrix, square, square / 2)


def _on_the_sphere(matrix: Any) -> Any:
    """Rows of length 1. Rows of zeros have no angle: a column of their own sets them at right angles to all
    others, and at none to each other."""
    if not matrix.shape[0]:
        return matrix
    points = normalize(matrix)
    zero = (_squares(points) == 0).astype(np.float64)[:, None]
    if not zero.any():
        return points
    return hstack([points, csr_matrix(zero)], format="csr") if issparse(points) else np.hstack([points, zero])


def _metric(metric: Metric | str | None, n_columns: int) -> Metric:
    if metric is None:
        return Metric.COSINE if n_columns > HIGH_DIMENSION else Metric.EUCLIDEAN
    try:
        return Metric(metric)
    except ValueError as error:
        remedy = f"Choose one of {', '.join(Metric)}"
        raise InvalidInput(f"is {metric!r}", argument="metric", remedy=remedy) from error


def _checked(features: Any) -> Any:
    matrix = csr_matrix(features) if issparse(features) else np.asarray(features)
    if matrix.ndim != 2 or matrix.shape[1] == 0:
        remedy = "Give one row of numbers per item"
        raise InvalidInput(f"has the shape {matrix.shape}", argument="features", remedy=remedy)
    if matrix.dtype.kind not in "fiub":
        raise InvalidInput(f"has dtype {matrix.dtype}", argument="features", remedy="Give numbers")
    if matrix.dtype != np.float64:
        matrix = matrix.astype(np.float64)
    if (bad := _first_bad(matrix)) is not None:
        remedy = "Leave the item out, or compute its features again"
        raise InvalidInput("holds NaN or infinity", argument="features", remedy=remedy, row=bad)
    return matrix


def _first_bad(matrix: Any) -> int | None:
    """The first row with a value that is no finite number."""
    if issparse(matrix):
        rows = matrix.tocoo().row[~np.isfinite(matrix.data)]
        return int(rows.min()) if len(rows) else None
    finite = np.isfinite(matrix).all(axis=1)
    return None if finite.all() else int(np.flatnonzero(~finite)[0])


def _squares(points: Any) -> NDArray[np.float64]:
    if issparse(points):
        return np.asarray(points.multiply(points).sum(axis=1), dtype=np.float64).ravel()
    return np.asarray(np.einsum("nd,nd->n", points, points))
