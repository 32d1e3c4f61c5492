"""How far a model that knows little may judge labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

WEAK_GAIN = 0.2  # of the way from always naming the largest class to being always right
LEAST_SHARE = 0.1  # a person may still see the worst: a weak model is surest where it is right


def largest_share(labels: NDArray[np.integer]) -> float:
    """The share (0..1) of the most frequent class: what always naming it would get right."""
    return float(np.bincount(labels).max() / len(labels))


def knowledge(labels: NDArray[np.integer], probs: NDArray[np.floating[Any]]) -> tuple[float, float]:
    """Accuracy on the given labels (0..1), and the gain that it is over always naming the largest class.

    The gain is 1 where the model is always right, 0 where it is no better than that rule, and may be
    negative: Cohen's kappa with the rule in place of chance.
    """
    accuracy = float(np.mean(probs.argmax(axis=1) == labels))
    largest = largest_share(labels)
    return accuracy, (accuracy - largest) / (1 - largest) if largest < 1 else 0.0


def judgement_limit(gain: float) -> float:
    """The share of the review budget that a model's flags may take, 0.1..1.

    Parameters
    ----------
    gain
        Of `knowledge`, on out-of-sample probabilities.

    Returns
    -------
    float
        1 for a model that is not weak (a gain of 0.2 or more); below, in proportion to the gain.
    """
    return min(1.0, max(LEAST_SHARE, gain / WEAK_GAIN))
