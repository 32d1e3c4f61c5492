"""Which distances to the nearest items are too large to belong to the rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workers.issues.arrays import Rows
from workers.issues.kinds.rates import Floats, discoveries

TAIL = 0.1  # share of the distances that the tail is fitted to
LEAST_ROWS = 50  # fewer have no tail
LEAST_TIMES = 1.5  # the typical distance: nearer is no outlier, however even the others are


@dataclass(frozen=True, slots=True)
class Outlying:
    """Rows, the most outlying first; `times` is the distance over the median one, `score` 1 - 1 / times."""

    rows: Rows
    times: Floats
    score: Floats


def outlying(distances: Floats) -> Outlying:
    """Items that lie farther from their neighbours than the tail of all distances explains.

    Parameters
    ----------
    distances : (N,) float
        Mean distance of each item to its nearest ones.

    Notes
    -----
    A heavy, Pareto tail is granted to the data: the excesses of log-distance over the 90th percentile are
    exponential (Hill 1975), their scale is taken from their median, which outliers among them hardly move,
    and an item's p-value follows (Weissman 1978). Items are corrected for their number by Benjamini and
    Hochberg. Lighter tails, as of cosine distances, which end at 2, make the test find less, not more.
    """
    if len(distances) < LEAST_ROWS:
        return _chosen(distances, np.empty(0, dtype=np.intp), 1.0)
    middle, start = np.quantile(distances, [0.5, 1 - TAIL])
    if middle <= 0 or start <= 0:  # most items have doubles: no distance is typical
        return _chosen(distances, np.empty(0, dtype=np.intp), 1.0)
    over = np.flatnonzero(distances > start)
    excess = np.log(distances[over] / start)
    scale = float(np.median(excess)) / np.log(2) if len(over) else 0.0
    if scale <= 0:
        return _chosen(distances, np.empty(0, dtype=np.intp), float(middle))
    p = np.ones(len(distances))
    p[over] = TAIL * np.exp(-excess / scale)
    result = np.flatnonzero(discoveries(p) & (distances >= LEAST_TIMES * middle))
    return _chosen(distances, result, float(middle))


def _chosen(distances: Floats, rows: Rows, middle: float) -> Outlying:
    order = rows[np.argsort(-distances[rows], kind="stable")]
    times = distances[order] / middle
    return Outlying(order, times, 1 - 1 / times)
