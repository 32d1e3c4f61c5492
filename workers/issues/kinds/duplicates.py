"""How near two items must be that it is no chance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from workers.issues.kinds.rates import LEVEL, Floats
from workers.issues.neighbours import DuplicateSets, Neighbours, near_duplicates

NEAR = 0.13  # of the typical distance to the nearest item, whatever chance allows (as cleanlab has it)
SKIPPED = 3  # nearest neighbours that the dimension is not learnt from: they may be the duplicates
LEAST_NEIGHBOURS = 6
LEAST_DIMENSION = 0.5


def unlikely_duplicates(graph: Neighbours, *, exact: DuplicateSets | None = None) -> DuplicateSets:
    r"""Items nearer to each other than any two unrelated items would be.

    Parameters
    ----------
    graph
        The neighbour graph.
    exact
        Items of equal content, joined with the near ones.

    Returns
    -------
    DuplicateSets
        Its distances are shares of those to the k-th neighbour; only equal content counts in a graph of
        fewer than 6 neighbours.

    Notes
    -----
    Where points lie at random with a density that is even among a point's neighbours,
    :math:`(T_1 / T_k)^m` is the least of k - 1 uniform numbers, T being the distances to the neighbours and
    m the intrinsic dimension. So :math:`T_1 / T_k < (\alpha / (N (k - 1)))^{1/m}` has the chance
    α = `LEVEL` in N points (Bonferroni). The dimension is estimated as by Levina and Bickel (2004), from
    the mean of all points and without the nearest three neighbours, which may be the duplicates. In many
    dimensions the bound alone would allow distances that are hardly small: then the rule of
    `near_duplicates` decides.
    """
    if graph.k < LEAST_NEIGHBOURS:
        return near_duplicates(
            replace(graph, indices=graph.indices[:, :0], distances=graph.distances[:, :0]), exact=exact
        )
    farthest = graph.distances[:, -1]
    # Items with more duplicates than neighbours have no distance of their own to compare with.
    scale = np.maximum(farthest, NEAR * float(np.median(farthest)))
    shares = np.divide(
        graph.distances, scale[:, None], out=np.zeros_like(graph.distances), where=scale[:, None] > 0
    )
    typical = float(np.median(shares[:, 0]))
    if typical <= 0:  # most items have doubles: only equal ones are told apart from near ones
        return near_duplicates(replace(graph, distances=shares), threshold=NEAR, exact=exact)
    least = (LEVEL / (len(graph) * (graph.k - 1))) ** (1 / _dimension(graph.distances))
    return near_duplicates(
        replace(graph, distances=shares), threshold=min(NEAR, least / typical), exact=exact
    )


def _dimension(distances: Floats) -> float:
    """The intrinsic dimension, at least 1/2: of distances that grow like squares it is half of the usual."""
    k = distances.shape[1]
    near, far = distances[:, SKIPPED:-1], distances[:, -1:]
    rows = np.flatnonzero((near > 0).all(axis=1))
    if not len(rows):
        return LEAST_DIMENSION
    log = float(np.log(far[rows] / near[rows]).mean())
    # log(T_k / T_j) has the mean (1/j + ... + 1/(k-1)) / m.
    due = float(np.mean([np.sum(1 / np.arange(j, k)) for j in range(SKIPPED + 1, k)]))
    return max(LEAST_DIMENSION, due / log) if log > 0 else LEAST_DIMENSION
