"""Items unlike all others, by the distance to their nearest neighbours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workers.issues.neighbours.result import Metric, Neighbours

NEIGHBOURS = 10  # whose distances are averaged
EPSILON = float(np.finfo(np.float64).eps)
SMALLEST_SCALE = 100 * EPSILON
INDISTINCT = {Metric.COSINE: 100 * EPSILON / 2, Metric.EUCLIDEAN: float(np.sqrt(100 * EPSILON))}


def outlier_scores(neighbours: Neighbours) -> NDArray[np.float64]:
    r"""How typical each row is of all rows.

    Parameters
    ----------
    neighbours
        The neighbour graph.

    Returns
    -------
    (N,) float
        0..1, low = outlier. 1 for a row that has no neighbours to be compared with, or equals them.

    Notes
    -----
    :math:`\exp(-\bar d_i / \mathrm{median}_j \bar d_j)` with :math:`\bar d_i` the mean distance to the 10
    nearest neighbours (Kuan & Mueller 2022, arXiv:2207.03061), scaled and rounded as cleanlab 2.9.0 does in
    `OutOfDistribution.fit_score(features=...)`.
    """
    if not len(neighbours) or not neighbours.k:
        return np.ones(len(neighbours))
    apart = neighbours.distances[:, :NEIGHBOURS].mean(axis=1)
    scores: NDArray[np.float64] = np.exp(-apart / max(float(np.median(apart)), SMALLEST_SCALE))
    scores[apart < INDISTINCT[neighbours.metric]] = 1.0
    return scores
