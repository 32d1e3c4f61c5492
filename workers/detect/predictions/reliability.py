"""How far probabilities can be trusted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

N_BINS = 10
LEAST = 1e-12  # a probability of 0 counts as this in the log loss


@dataclass(frozen=True, slots=True)
class ReliabilityDiagram:
    """Rows grouped by the probability of their predicted class, in ten bins of equal width from 0 to 1.

    `confidence` and `accuracy` are the means in each bin (NaN where empty), `count` its rows, and `error` is
    the expected calibration error (0..1): the mean gap between the two, weighted by rows.
    """

    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    count: NDArray[np.int64]
    error: float


def reliability(probs: NDArray[np.float64], labels: NDArray[np.integer]) -> ReliabilityDiagram:
    """The reliability table of the predicted class; equation 3 of Guo et al. (2017), arXiv:1706.04599."""
    top = probs.max(axis=1)
    right = probs.argmax(axis=1) == labels
    bins = np.minimum((top * N_BINS).astype(np.int64), N_BINS - 1)
    count = np.bincount(bins, minlength=N_BINS)
    confidence = np.full(N_BINS, np.nan)
    accuracy = np.full(N_BINS, np.nan)
    filled = count > 0
    confidence[filled] = np.bincount(bins, weights=top, minlength=N_BINS)[filled] / count[filled]
    accuracy[filled] = np.bincount(bins, weights=right, minlength=N_BINS)[filled] / count[filled]
    gap = np.abs(confidence - accuracy)[filled]
    return ReliabilityDiagram(confidence, accuracy, count, float(gap @ count[filled] / max(len(labels), 1)))


def log_loss(probs: NDArray[np.float64], labels: NDArray[np.integer]) -> float:
    """Mean of -log of the given label's probability, in nats."""
    return float(-np.log(np.maximum(probs[np.arange(len(labels)), labels], LEAST)).mean())


def class_accuracy(
    predicted: NDArray[np.integer], labels: NDArray[np.integer], n_classes: int
) -> NDArray[np.float64]:
    """The share of each class's rows that are predicted as given; NaN for a class without rows."""
    count = np.bincount(labels, minlength=n_classes)
    right = np.bincount(labels[predicted == labels], minlength=n_classes)
    share = np.full(n_classes, np.nan)
    np.divide(right, count, out=share, where=count > 0)
    return share
