"""Classes with few items, and classes with far fewer than the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from workers.issues.arrays import Classes
from workers.issues.kinds.rates import LEVEL, Floats, at_most

SCARCE = 0.1  # of an even share: below it a class is scarce (the threshold of cleanlab's Datalab)
SURELY = 0.5  # of an even share: what the class must be below beyond chance


@dataclass(frozen=True, slots=True)
class Balance:
    """`rare` classes have fewer items than wanted, `scarce` ones far less than an even share.

    Each with its scores, 0..1, the worst first. A class that is rare is not called scarce too.
    """

    rare: Classes
    rare_score: Floats
    scarce: Classes
    scarce_score: Floats


def class_balance(counts: ArrayLike, *, least: int) -> Balance:
    """Which classes have too few items to learn from or to judge.

    Parameters
    ----------
    counts : (K,) int
        Items of each class.
    least
        Items that a class needs; below, it is rare: a matter of counting, so there is no test.

    Notes
    -----
    Scarce: below a tenth of an even share 1/K, and below half of one beyond chance (exact binomial,
    Bonferroni over classes), so that a handful of items calls nothing scarce.
    """
    n = np.asarray(counts, dtype=np.int64)
    share = n / max(int(n.sum()), 1) * len(n)  # 1 is an even share
    rare = np.flatnonzero(n < least)
    p = at_most(n, n.sum(), SURELY / max(len(n), 1))
    few = (share < SCARCE) & (p * len(n) <= LEVEL) & (n >= least)
    scarce = np.flatnonzero(few)
    return Balance(
        *_worst_first(rare, 1 - n[rare] / max(least, 1)),
        *_worst_first(scarce, 1 - share[scarce]),
    )


def _worst_first(classes: Classes, score: Floats) -> tuple[Classes, Floats]:
    order = np.argsort(-score, kind="stable")
    return classes[order], np.clip(score[order], 0, 1)
