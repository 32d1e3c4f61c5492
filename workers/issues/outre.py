"""Numbers that lie apart in label and residual: the OutRe score."""

from __future__ import annotations

import math

import numpy as np

from workers.issues.arrays import BLOCK_BYTES
from workers.issues.item_scores import Floats
from workers.issues.spreading import THREADS, slices, spread

RESIDUAL_SCALE = 5.0  # how much more a deviation in the residual counts than one in the label
EXACT = 10_000  # items that are compared with all others; more are compared with references
REFERENCES = 4_000
TINY = 1e-100  # added to a deviation, so that constant columns do not divide by 0
NO_DISTANCE = 100 * float(np.finfo(np.float64).eps)


def outre(given: Floats, predicted: Floats, *, exact: int = EXACT, threads: int = THREADS) -> Floats:
    """(N,) 0..1, low where suspicious, of finite numbers.

    Notes
    -----
    Zhou et al. (2023), "Detecting Errors in a Numerical Response via any Regression Model",
    arXiv:2305.16583, the baseline that needs predictions only, as cleanlab 2.9.0 computes it: points are
    (standardised label, 5 times standardised residual); d is the mean distance to the ⌈N/2⌉ nearest
    points, itself among them; the score is exp(-d / median d), and 1 where d < sqrt(100 eps).

    Of more than `exact` items, the points are 4,000 taken evenly by residual instead of all, which
    makes the time linear; scores then differ by some thousandths.
    """
    residual = predicted - given
    points = np.stack([_standardised(given), RESIDUAL_SCALE * _standardised(residual)])
    distance = _mean_distance(points, _references(points, exact), threads)
    score: Floats = np.exp(-distance / max(float(np.median(distance)), NO_DISTANCE))
    score[distance < math.sqrt(NO_DISTANCE)] = 1
    return score


def _standardised(values: Floats) -> Floats:
    standard: Floats = (values - values.mean()) / (values.std() + TINY)
    return standard


def _references(points: Floats, exact: int) -> Floats:
    n = points.shape[1]
    if n <= exact:
        return points
    by_residual = np.lexsort(points)
    return points[:, by_residual[np.linspace(0, n - 1, REFERENCES).round().astype(np.intp)]]


def _mean_distance(points: Floats, references: Floats, threads: int) -> Floats:
    """Of each point to the nearer half of the references, a block of points at a time."""
    nearest = (references.shape[1] + 1) // 2
    mean = np.empty(points.shape[1])

    def work(part: slice) -> None:
        square = (points[0, part, None] - references[0]) ** 2
        square += (points[1, part, None] - references[1]) ** 2
        square.partition(nearest - 1, axis=1)
        mean[part] = np.sqrt(square[:, :nearest]).mean(axis=1)

    step = max(1, BLOCK_BYTES // references[0].nbytes)
    spread(lambda: work, slices(len(mean), step), threads)
    return mean
