"""Groups of items whose labels are suspicious much more often than those of the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from workers.issues.arrays import Classes, Counts, Mask
from workers.issues.kinds.rates import Floats, discoveries, higher_rate, ratio_of

STRONG = 1.5  # times the rate of the rest, at least
LEAST_ITEMS = 20  # of a group that is judged


@dataclass(frozen=True, slots=True)
class WorseGroup:
    """`flagged` of a group's `items`, and how many were to be expected of such classes."""

    factor: str
    group: int
    items: int
    flagged: int
    expected: float
    rest_share: float  # of the items outside, flagged
    times: float  # the rate of the rest, classes being equal
    score: float  # the share flagged
    p_value: float


def worse_groups(flagged: Mask, given: Classes, factors: Mapping[str, Counts]) -> list[WorseGroup]:
    """Groups with more flagged labels than their classes explain.

    Parameters
    ----------
    flagged : (N,) bool
        Whether each item's label is suspicious.
    given : (N,) int
        Its class: groups are compared as if all had the same share of flags in each class.
    factors
        Name → (N,) group numbers from 0 of that division of the items, -1 for items of none.

    Returns
    -------
    list of WorseGroup
        The largest share of flags first.

    Notes
    -----
    Indirect standardisation by class, then the exact conditional test of two rates, a group against all
    other items; Benjamini and Hochberg over all groups of all factors.
    """
    bad = flagged.astype(np.float64)
    rate = np.bincount(given, weights=bad) / np.maximum(np.bincount(given), 1)
    judged = [_of_factor(name, groups, bad, rate[given]) for name, groups in factors.items() if len(groups)]
    every = [each for result in judged for each in result]
    passed = discoveries([each.p_value for each in every])
    kept = [
        each for each, counts in zip(every, passed.tolist(), strict=True) if counts and each.times >= STRONG
    ]
    return sorted(kept, key=lambda each: (-each.score, each.p_value))


def _of_factor(name: str, groups: Counts, bad: Floats, due: Floats) -> list[WorseGroup]:
    inside = groups >= 0
    n = np.bincount(groups[inside])
    seen = np.bincount(groups[inside], weights=bad[inside])
    expected = np.bincount(groups[inside], weights=due[inside])
    others, others_due = bad[inside].sum() - seen, due[inside].sum() - expected
    p = higher_rate(seen, expected, others, others_due)
    rest = others / np.maximum(n.sum() - n, 1)
    times = ratio_of(seen * others_due, others * expected)
    return [
        WorseGroup(
            factor=name,
            group=g,
            items=int(n[g]),
            flagged=int(seen[g]),
            expected=float(expected[g]),
            rest_share=float(rest[g]),
            times=float(times[g]),
            score=float(seen[g] / n[g]),
            p_value=float(p[g]),
        )
        for g in np.flatnonzero((n >= LEAST_ITEMS) & (n < n.sum())).tolist()
    ]
