"""Shares with intervals that hold for few answers too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from workers.consensus.arrays import Floats, Ints, level_in_range, ratio, same_length, whole_numbers
from workers.consensus.votes import InvalidVotes


@dataclass(frozen=True, slots=True)
class Share:
    """Shares, element by element, with the bounds of their intervals."""

    value: Floats
    low: Floats
    high: Floats


def exact_interval(hits: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> Share:
    """The share of hits with the exact binomial interval: what controls say of the remaining error rate.

    Parameters
    ----------
    hits, n : (M,) int or int
        How many of how many.
    level
        The least probability with which the interval covers the truth, whatever it is.

    Returns
    -------
    Share
        For n = 0 the value is NaN and the interval 0..1.

    Raises
    ------
    InvalidVotes
        For negative counts, more hits than n, or a level outside 0..1.

    Notes
    -----
    Clopper and Pearson (1934): low is the (1 - level)/2 quantile of Beta(x, n - x + 1), high the other one
    of Beta(x + 1, n - x).
    """
    tail = (1 - level_in_range(level)) / 2
    x, size = counts_of(hits, n)
    low = np.where(x > 0, special.betaincinv(np.maximum(x, 1), size - x + 1, tail), 0.0)
    high = np.where(x < size, special.betaincinv(x + 1, np.maximum(size - x, 1), 1 - tail), 1.0)
    return Share(ratio(x.astype(np.float64), size.astype(np.float64)), low, high)


def difference(
    hits: ArrayLike, n: ArrayLike, other_hits: ArrayLike, other_n: ArrayLike, *, level: float = 0.95
) -> Share:
    """The second share minus the first, with an interval.

    Parameters
    ----------
    hits, n, other_hits, other_n : (M,) int or int
        How many of how many, in the first and in the second group.
    level
        The share of intervals that shall cover the truth.

    Returns
    -------
    Share
        -1 to 1; value NaN and interval -1..1 where a group is empty.

    Raises
    ------
    InvalidVotes
        As `exact_interval`.

    Notes
    -----
    Newcombe (1998), method 10: the square-and-add interval of Wilson's (1927) score intervals.
    """
    z = float(special.ndtri(1 - (1 - level_in_range(level)) / 2))
    x, size = counts_of(hits, n)
    y, other = counts_of(other_hits, other_n)
    same_length(n=size, other_n=other)
    first, second = _wilson(x, size, z), _wilson(y, other, z)
    value = second.value - first.value
    low = value - np.hypot(second.value - second.low, first.high - first.value)
    high = value + np.hypot(second.high - second.value, first.value - first.low)
    known = ~np.isnan(value)
    return Share(value, np.where(known, np.maximum(low, -1), -1.0), np.where(known, np.minimum(high, 1), 1.0))


def counts_of(hits: ArrayLike, n: ArrayLike) -> tuple[Ints, Ints]:
    """Both as integers, once they can be counts of one thing."""
    x, size = whole_numbers("hits", hits), whole_numbers("n", n)
    same_length(hits=x, n=size)
    if (x > size).any():
        raise InvalidVotes("hits exceeds n. Give how many of how many")
    return x, size


def _wilson(hits: Ints, n: Ints, z: float) -> Share:
    value = ratio(hits.astype(np.float64), n.astype(np.float64))
    centre = (hits + z * z / 2) / (n + z * z)
    half = z * np.sqrt(hits * (n - hits) / np.maximum(n, 1) + z * z / 4) / (n + z * z)
    return Share(value, centre - half, centre + half)
