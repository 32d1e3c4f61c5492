"""Where the next vote is worth most."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from workers.consensus.arrays import Floats


def active_score(quality: ArrayLike, behind: ArrayLike, average: float, n_classes: int) -> Floats:
    """The score of tasks whose quality is known: lowest where one more vote is worth most.

    Parameters
    ----------
    quality : (...) float
        The probability of the most probable label of each task, 0..1.
    behind : (...) float
        The weights of the model and of all who answered, summed, from 0.
    average
        The weight of whoever answers next, above 0.
    n_classes
        K, from 1.

    Returns
    -------
    (...) float
        (q W + w / K) / (W + w), 0..1: Goh and Mueller (2023), arXiv 2301.11856, equations 1 and 2.
    """
    q, weight = np.asarray(quality, dtype=np.float64), np.asarray(behind, dtype=np.float64)
    return np.asarray((q * weight + average / n_classes) / (weight + average), dtype=np.float64)
