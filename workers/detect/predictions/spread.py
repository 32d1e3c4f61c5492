"""From what a platform's prediction says to one row of probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from connector.model.reasons import BadPrediction

ROUNDING = 0.01  # class scores may miss a sum of 1 by this and are then normalised


@dataclass(frozen=True, slots=True)
class Unusable:
    """A prediction left out: why, and the class or number that it is about."""

    reason: BadPrediction
    detail: str = ""


def spread_top(
    label: str | None, score: float | None, classes: Sequence[str]
) -> NDArray[np.float64] | Unusable:
    """The top label's score, and the rest of 1 spread evenly over the other classes.

    Returns a row of K probabilities that sum to 1, or why there is none. A score below 1/K makes another
    class more probable than the label named; the row then says so, as the score does.
    """
    if label is None:
        return Unusable(BadPrediction.NO_LABEL)
    if label not in classes:
        return Unusable(BadPrediction.UNKNOWN_CLASS, label)
    if score is None:
        return Unusable(BadPrediction.NO_SCORE, label)
    if not _is_probability(score):
        return Unusable(BadPrediction.BAD_SCORE, f"{label}: {score}")
    row = np.full(len(classes), (1 - score) / max(1, len(classes) - 1))
    row[list(classes).index(label)] = score if len(classes) > 1 else 1.0
    return row


def from_class_scores(scores: Mapping[str, float], classes: Sequence[str]) -> NDArray[np.float64] | Unusable:
    """Probabilities by class as a row in the config's order; a class without a score has 0.

    Returns a row of K probabilities that sum to 1, or why there is none.
    """
    unknown = sorted(set(scores) - set(classes))
    if unknown:
        return Unusable(BadPrediction.UNKNOWN_CLASS, unknown[0])
    for name, score in scores.items():
        if not _is_probability(score):
            return Unusable(BadPrediction.BAD_SCORE, f"{name}: {score}")
    row = np.array([float(scores.get(name, 0.0)) for name in classes])
    total = float(row.sum())
    if not abs(total - 1) <= ROUNDING:
        return Unusable(BadPrediction.BAD_SUM, f"{total:.6g}")
    return row / total


def _is_probability(score: object) -> bool:
    if isinstance(score, bool) or not isinstance(score, int | float):
        return False
    return 0 <= score <= 1 + ROUNDING  # what is not finite is not
