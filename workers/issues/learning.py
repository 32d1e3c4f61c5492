"""What verdicts so far say of flags to come: the learned precision of a pair, and the order to ask in.

No static score orders a list of flags well once it is reviewed; which pairs of labels are flagged in vain
shows in the first verdicts. See `expected_precision` for how little evidence is kept from speaking loudly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workers.issues.arrays import Rows
from workers.issues.validation import InvalidInput

STRENGTH = 4.0  # verdicts that the level above counts for in judging a pair or class
LEAST_CAP = 0.25  # of its cap that a class keeps, however often its flags were wrong
STATIC_EVERY = 5  # each fifth place goes to the most suspicious flag, whatever was learned

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Verdicts:
    """How many flags of each kind were judged, and how many of them led to a correction.

    All of length M: `given` and `suggested` class numbers, `asked` and `confirmed` counts with
    0 <= confirmed <= asked.
    """

    given: NDArray[np.int64]
    suggested: NDArray[np.int64]
    asked: NDArray[np.int64]
    confirmed: NDArray[np.int64]

    def __post_init__(self) -> None:
        lengths = {len(getattr(self, name)) for name in self.__slots__}
        if len(lengths) != 1:
            raise InvalidInput(
                "have different lengths", argument="verdicts", remedy="Give arrays of one length"
            )
        if (self.confirmed < 0).any() or (self.confirmed > self.asked).any():
            raise InvalidInput(
                "exceed what was asked", argument="confirmed", remedy="Give counts of 0..asked"
            )


def expected_precision(given: ArrayLike, suggested: ArrayLike, verdicts: Verdicts, n_classes: int) -> Floats:
    """The share of flags like these that reviewers will confirm.

    Parameters
    ----------
    given, suggested : (N,) int
        Classes of the flags to come, 0..K-1.
    verdicts
        What was judged so far; may be empty.
    n_classes
        K.

    Returns
    -------
    (N,) float64
        Above 0 and below 1: a pair that was always flagged in vain keeps a chance.

    Notes
    -----
    Means of Beta posteriors in three levels, as in empirical Bayes shrinkage (Efron and Morris, 1975): all
    flags with a uniform prior, (x + 1) / (n + 2); the given class, (x_c + s p) / (n_c + s); the pair, the
    same with its class in the place of p; s is `STRENGTH`.
    """
    row, column = np.asarray(given, dtype=np.int64), np.asarray(suggested, dtype=np.int64)
    of_class = class_precision(verdicts, n_classes)
    # Pairs are sparse: with a thousand classes a table of them would be larger than the flags.
    pairs, at = np.unique(verdicts.given * n_classes + verdicts.suggested, return_inverse=True)
    asked_pair = np.bincount(at, weights=verdicts.asked, minlength=len(pairs))
    right_pair = np.bincount(at, weights=verdicts.confirmed, minlength=len(pairs))
    wanted = row * n_classes + column
    if not len(pairs):
        unknown: Floats = of_class[row]
        return unknown
    result = np.minimum(np.searchsorted(pairs, wanted), len(pairs) - 1)
    known = pairs[result] == wanted
    asked = np.where(known, asked_pair[result], 0.0)
    right = np.where(known, right_pair[result], 0.0)
    precision: Floats = (right + STRENGTH * of_class[row]) / (asked + STRENGTH)
    return precision


def class_precision(verdicts: Verdicts, n_classes: int) -> Floats:
    """(K,) the share of flags of each given class that reviewers will confirm; see `expected_precision`."""
    asked = np.bincount(verdicts.given, weights=verdicts.asked, minlength=n_classes)
    right = np.bincount(verdicts.given, weights=verdicts.confirmed, minlength=n_classes)
    result: Floats = (right + STRENGTH * overall_precision(verdicts)) / (asked + STRENGTH)
    return result


def overall_precision(verdicts: Verdicts) -> float:
    """The share of all flags that reviewers will confirm, with a uniform prior."""
    return float(verdicts.confirmed.sum() + 1) / float(verdicts.asked.sum() + 2)


def learned_order(precision: Floats) -> Rows:
    """The order to ask in, given the expected precision of flags that come most suspicious first.

    The best precision goes first and ties keep their order; but each fifth place goes to the most suspicious
    flag that is left, so that what was flagged in vain so far is asked again now and then, and can recover.
    """
    best = np.argsort(-precision, kind="stable").tolist()
    taken = np.zeros(len(best), dtype=bool)
    order: list[int] = []
    static, learned = iter(range(len(best))), iter(best)
    for place in range(len(best)):
        source = static if place % STATIC_EVERY == STATIC_EVERY - 1 else learned
        row = next(each for each in source if not taken[each])
        taken[row] = True
        order.append(row)
    return np.array(order, dtype=np.intp)


def cap_scale(verdicts: Verdicts, n_classes: int) -> Floats:
    """(K,) how much of the cap on flags each class keeps: less where its flags are usually wrong.

    The precision of the class over that of all, at most 1, and never less than `LEAST_CAP`.
    """
    relative = class_precision(verdicts, n_classes) / overall_precision(verdicts)
    return np.clip(relative, LEAST_CAP, 1.0)
