"""Comparing how often something happens, exactly, and many comparisons at once."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from workers.issues.arrays import Mask

Floats: TypeAlias = NDArray[np.float64]

LEVEL = 0.05  # share of discoveries that may be false; the chance of any where there is nothing to find


def at_least(hits: ArrayLike, n: ArrayLike, share: ArrayLike) -> Floats:
    """P(X >= hits) for X ~ Binomial(n, share), element by element."""
    x, size, q = (np.asarray(each, dtype=np.float64) for each in (hits, n, share))
    inside = np.clip(x, 1, np.maximum(size, 1))
    tail: Floats = special.betainc(inside, np.maximum(size - inside + 1, 1), np.clip(q, 0, 1))
    return np.where(x <= 0, 1.0, np.where(x > size, 0.0, tail))


def at_most(hits: ArrayLike, n: ArrayLike, share: ArrayLike) -> Floats:
    """P(X <= hits) for X ~ Binomial(n, share), element by element."""
    x, size = np.asarray(hits, dtype=np.float64), np.asarray(n, dtype=np.float64)
    return at_least(size - x, size, 1 - np.asarray(share, dtype=np.float64))


def higher_rate(
    observed: ArrayLike, expected: ArrayLike, others: ArrayLike, others_expected: ArrayLike
) -> Floats:
    """P-values of: the rate, as observed over expected, is no higher than that of the others.

    Parameters
    ----------
    observed, others : (M,) int
        Events here, and elsewhere.
    expected, others_expected : (M,) float
        Events that one rate for all would lead us to expect, in any unit that both share.

    Returns
    -------
    (M,) float
        1 where nothing is expected here or elsewhere: then there is nothing to compare.

    Notes
    -----
    The conditional test of two rates (Przyborowski and Wilenski 1940): given the events of both together,
    those here are binomial with the share of expected events that is here.
    """
    here, there = np.asarray(expected, dtype=np.float64), np.asarray(others_expected, dtype=np.float64)
    x, y = np.asarray(observed, dtype=np.float64), np.asarray(others, dtype=np.float64)
    comparable = (here > 0) & (there > 0)
    share = np.divide(here, here + there, out=np.ones_like(here), where=comparable)
    return np.where(comparable, at_least(x, x + y, share), 1.0)


def discoveries(p_values: ArrayLike) -> Mask:
    """Which of many p-values count, so that of those found no more than `LEVEL` are false, on average.

    Benjamini and Hochberg (1995). Where nothing is there, anything is found with probability `LEVEL`.
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    passed = np.flatnonzero(p[order] <= LEVEL * np.arange(1, len(p) + 1) / max(len(p), 1))
    result = np.zeros(len(p), dtype=np.bool_)
    if passed.size:
        result[order[: passed[-1] + 1]] = True
    return result


def ratio_of(first: ArrayLike, second: ArrayLike) -> Floats:
    """first / second, infinite where only the second is 0 and 1 where both are."""
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    safe: Floats = np.divide(a, b, out=np.where(a > 0, np.inf, 1.0), where=b > 0)
    return safe
