"""How far one can rely on each reviewer, said with an interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from workers.consensus.arrays import Floats, Ints, level_in_range
from workers.consensus.binomial import Share, counts_of, difference
from workers.consensus.votes import InvalidVotes

STRENGTH = 10.0  # answers that what is known of everyone counts for in judging one


@dataclass(frozen=True, slots=True)
class Reliability:
    """The probability of a right answer: posterior mean and interval, and the answers behind it."""

    mean: Floats
    low: Floats
    high: Floats
    n: Ints


def reliability(
    right: ArrayLike, n: ArrayLike, *, strength: float = STRENGTH, level: float = 0.95
) -> Reliability:
    """Of each reviewer, shrunk towards all reviewers where answers are few.

    Parameters
    ----------
    right, n : (A,) int
        Right answers and answers of each.
    strength
        How many answers the rate of all counts for, above 0.
    level
        The posterior probability inside the interval.

    Returns
    -------
    Reliability
        Means and equal-tailed intervals, each (A,), 0..1.

    Raises
    ------
    InvalidVotes
        For counts that cannot be, a strength that is not positive, or a level outside 0..1.

    Notes
    -----
    Beta(s m + x, s (1 - m) + n - x), with m = (Σ x + 1) / (Σ n + 2) the rate of all.
    """
    x, size = counts_of(right, n)
    crowd = (x.sum() + 1) / (size.sum() + 2)
    return _posterior(x, size, np.full(x.shape, crowd), strength, level)


def drift(
    right_before: ArrayLike,
    n_before: ArrayLike,
    right_after: ArrayLike,
    n_after: ArrayLike,
    *,
    level: float = 0.95,
) -> Share:
    """How much each reviewer's rate of right answers rose between two windows, with an interval.

    Below zero with its whole interval, the reviewer has become worse. See `difference`, also for errors.
    """
    return difference(right_before, n_before, right_after, n_after, level=level)


def _posterior(x: Ints, n: Ints, centre: Floats, strength: float, level: float) -> Reliability:
    tail = (1 - level_in_range(level)) / 2
    if not (np.isfinite(strength) and strength > 0):
        raise InvalidVotes(f"strength is {strength}. Give a number above 0")
    a, b = strength * centre + x, strength * (1 - centre) + n - x
    return Reliability(a / (a + b), special.betaincinv(a, b, tail), special.betaincinv(a, b, 1 - tail), n)
