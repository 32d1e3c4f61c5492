"""Intervals of one share, without the arrays' libraries: `status` and small pages come at once.

`workers.consensus` has the same of arrays; the tests hold both to each other.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

MIXED = 0.5  # Beta(1/2, 1/2), as in workers.consensus.anytime
TINY = 1e-300  # in place of a denominator that vanishes
CLOSE = 1e-15  # two steps of a fraction, or two shares, that differ by less are equal
MOST_STEPS = 100_000  # of a continued fraction; it takes about as many as the root of the counts
HALVINGS = 100
KEPT = 4096  # intervals: the same counts are asked about again with each change of a label


@dataclass(frozen=True, slots=True)
class ShareBounds:
    """A share of 0..1 and its interval; `value` is None of nothing. A difference lies in -1..1."""

    value: float | None
    low: float
    high: float


@lru_cache(KEPT)
def exact_bounds(hits: int, n: int, *, level: float = 0.95) -> ShareBounds:
    """The exact interval of Clopper and Pearson (1934); 0..1 for n = 0.

    Parameters
    ----------
    hits, n
        How many of how many, 0 <= hits <= n.
    level
        The least probability with which the interval covers the truth.
    """
    tail = (1 - level) / 2
    low = beta_quantile(hits, n - hits + 1, tail) if hits else 0.0
    high = beta_quantile(hits + 1, n - hits, 1 - tail) if hits < n else 1.0
    return ShareBounds(hits / n if n else None, low, high)


@lru_cache(KEPT)
def anytime_bounds(hits: int, n: int, *, level: float = 0.95) -> ShareBounds:
    """An interval that holds at all looks at once: see `workers.consensus.anytime_interval`."""
    misses = n - hits
    mixture = _log_beta(hits + MIXED, misses + MIXED) - _log_beta(MIXED, MIXED)
    least = mixture + math.log(1 - level)
    middle = hits / n if n else 0.5

    def refused(share: float) -> bool:
        return _log_likelihood(hits, misses, share) <= least

    low = _edge(refused, 0.0, middle) if hits else 0.0
    high = _edge(refused, 1.0, middle) if misses else 1.0
    return ShareBounds(hits / n if n else None, low, high)


def difference_bounds(first: tuple[int, int], second: tuple[int, int], *, level: float = 0.95) -> ShareBounds:
    """The second share (hits, n) minus the first: Newcombe (1998), method 10."""
    if not first[1] or not second[1]:
        return ShareBounds(None, -1.0, 1.0)
    z = NormalDist().inv_cdf(1 - (1 - level) / 2)
    before, after = _wilson(*first, z), _wilson(*second, z)
    value = after.mean - before.mean
    low = value - math.hypot(after.mean - after.low, before.high - before.mean)
    high = value + math.hypot(after.high - after.mean, before.mean - before.low)
    return ShareBounds(value, max(low, -1.0), min(high, 1.0))


def beta_quantile(a: float, b: float, probability: float) -> float:
    """The share below which Beta(a, b) has that probability, 0 < probability < 1, a and b > 0.

    Newton's steps on the distribution function, whose slope is known, kept between bounds that halve.
    """
    low, high = 0.0, 1.0
    share = a / (a + b)
    scale = -_log_beta(a, b)
    for _ in range(HALVINGS):
        error = beta_below(a, b, share) - probability
        low, high = (share, high) if error < 0 else (low, share)
        slope = math.exp(scale + (a - 1) * math.log(share) + (b - 1) * math.log1p(-share))
        step = share - error / slope if slope > TINY else low
        following = step if low < step < high else (low + high) / 2
        if abs(following - share) <= CLOSE * share:
            return following
        share = following
    return share


def beta_below(a: float, b: float, share: float) -> float:
    """The probability that Beta(a, b) gives to 0..share, 0 < share < 1: the incomplete beta function.

    Regularised; its continued fraction (NIST Digital Library of Mathematical Functions, 8.17.22) from the
    side on which it converges fast, summed as Lentz (1976) did.
    """
    if share > (a + 1) / (a + b + 2):
        return 1.0 - beta_below(b, a, 1.0 - share)
    front = math.exp(a * math.log(share) + b * math.log1p(-share) - _log_beta(a, b)) / a
    return front * _fraction(a, b, share)


def _fraction(a: float, b: float, share: float) -> float:
    upper, lower = 1.0, 1.0 / _kept(1.0 - (a + b) * share / (a + 1))
    result = lower
    for m in range(1, MOST_STEPS):
        even = m * (b - m) * share / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * share / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            lower = 1.0 / _kept(1.0 + term * lower)
            upper = _kept(1.0 + term / upper)
            result *= lower * upper
        if abs(lower * upper - 1.0) < CLOSE:
            break
    return result


def _kept(value: float) -> float:
    return value if abs(value) > TINY else TINY


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _log_likelihood(hits: int, misses: int, share: float) -> float:
    if (hits and share <= 0) or (misses and share >= 1):
        return -math.inf
    return (hits * math.log(share) if hits else 0.0) + (misses * math.log1p(-share) if misses else 0.0)


def _edge(refused: Callable[[float], bool], outside: float, inside: float) -> float:
    """Between a share that is refused and one that is not."""
    for _ in range(HALVINGS):
        middle = (outside + inside) / 2
        if middle in (outside, inside):
            break
        outside, inside = (middle, inside) if refused(middle) else (outside, middle)
    return outside


@dataclass(frozen=True, slots=True)
class _Score:
    mean: float
    low: float
    high: float


def _wilson(hits: int, n: int, z: float) -> _Score:
    """Wilson's (1927) score interval."""
    centre = (hits + z * z / 2) / (n + z * z)
    half = z * math.sqrt(hits * (n - hits) / n + z * z / 4) / (n + z * z)
    return _Score(hits / n, centre - half, centre + half)
