"""Intervals of a share that hold however often one looks, and whenever one stops."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from workers.consensus.arrays import Floats, level_in_range, ratio
from workers.consensus.binomial import Share, counts_of

MIXED = 0.5  # Beta(1/2, 1/2): close to the narrowest for shares near 0 as well as near 1/2
HALVINGS = 60  # of the distance to the bound: to the last bit of a double


def anytime_interval(hits: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> Share:
    """The share of hits with an interval that covers the truth at all looks at once.

    Parameters
    ----------
    hits, n : (M,) int or int
        How many of how many, as they stand now.
    level
        The least probability with which all intervals, of whatever n, cover the truth together.

    Returns
    -------
    Share
        For n = 0 the value is NaN and the interval 0..1. Wider than `exact_interval`, which holds only for an
        n that was fixed before.

    Raises
    ------
    InvalidVotes
        For negative counts, more hits than n, or a level outside 0..1.

    Notes
    -----
    Robbins (1970), "Statistical methods related to the law of the iterated logarithm", section 3: the shares
    p for which the likelihood ratio against a Beta(a, a) mixture, B(x + a, n - x + a) / B(a, a) / (p^x
    (1 - p)^(n - x)), is below 1 / (1 - level). That ratio is a martingale under p, so by Ville's inequality
    it ever reaches that with probability 1 - level at most. Waudby-Smith and Ramdas (2024), "Estimating means
    of bounded random variables by betting", puts it among the intervals by betting.
    """
    x, size = counts_of(hits, n)
    shape = np.broadcast(x, size).shape
    x, size = np.broadcast_to(x, shape), np.broadcast_to(size, shape)
    alpha = 1 - level_in_range(level)
    least = special.betaln(x + MIXED, size - x + MIXED) - special.betaln(MIXED, MIXED) + np.log(alpha)
    middle = np.where(size > 0, x / np.maximum(size, 1), 0.5)
    low = np.where(x > 0, _bound(x, size, least, np.zeros(shape), middle), 0.0)
    high = np.where(x < size, _bound(x, size, least, np.ones(shape), middle), 1.0)
    return Share(ratio(x.astype(np.float64), size.astype(np.float64)), low, high)


def _bound(x: ArrayLike, n: ArrayLike, least: Floats, outside: Floats, inside: Floats) -> Floats:
    """Between a share that is refused and one that is not: where the log likelihood falls to `least`."""
    hits, misses = np.asarray(x), np.asarray(n) - np.asarray(x)
    for _ in range(HALVINGS):
        middle = (outside + inside) / 2
        fits = special.xlogy(hits, middle) + special.xlog1py(misses, -middle) > least
        inside, outside = np.where(fits, middle, inside), np.where(fits, outside, middle)
    return outside
