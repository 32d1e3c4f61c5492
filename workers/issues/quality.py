"""How likely each given label is right, as a score from 0 (suspicious) to 1."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import xlogy

from workers.issues.arrays import Classes, Probabilities, block_rows
from workers.issues.reading import read_rows
from workers.issues.row_source import MatrixRows
from workers.issues.thresholds import confident_thresholds, given_probs
from workers.issues.validation import checked_labels, checked_probs

TINY = 1e-6  # divisors are at least this


def self_confidence(labels: ArrayLike, pred_probs: ArrayLike) -> Probabilities:
    """Probability of the given label.

    Parameters
    ----------
    labels : (N,) int
        Given classes, 0..K-1.
    pred_probs : (N, K) float32 or float64
        Out-of-sample probabilities.

    Returns
    -------
    (N,) float
        0..1.

    Raises
    ------
    InvalidInput
        Naming the argument, the first bad row and the remedy.

    Notes
    -----
    Kuan and Mueller (2022), "Model-agnostic label quality scoring to detect real-world label errors".
    """
    return given_probs(*_checked(labels, pred_probs))


def normalized_margin(labels: ArrayLike, pred_probs: ArrayLike) -> Probabilities:
    """How far the given label's probability is above the most probable other class.

    Parameters, errors and source are those of `self_confidence`.

    Returns
    -------
    (N,) float
        (margin + 1) / 2, so 0..1; 0.5 where the two are equal.
    """
    return margins_of(*_checked(labels, pred_probs))


def confidence_weighted_entropy(labels: ArrayLike, pred_probs: ArrayLike) -> Probabilities:
    """The published score: normalised entropy over self-confidence, rescaled by log(1 + x) / x.

    It has a defect and is here for comparison: where the model is certain, entropy is 0 and the score is
    0 (most suspicious) whether or not the model agrees with the label. On MNIST its 500 most suspicious
    rows all agree with their label. `corrected_weighted_entropy` does not.

    Parameters, errors and source are those of `self_confidence`.

    Returns
    -------
    (N,) float
        0..1.
    """
    given, probs = _checked(labels, pred_probs)
    trust = np.maximum(given_probs(given, probs), TINY)
    ratio = _entropy(probs) / trust
    scores: Probabilities = np.log(ratio + 1) / np.maximum(ratio, TINY)
    return scores


def corrected_weighted_entropy(labels: ArrayLike, pred_probs: ArrayLike) -> Probabilities:
    """Confidence-weighted entropy, mended at the certain end.

    The surprise of the given label, -log p, takes the place of the entropy where it is the larger: it is
    0 for a certain and agreeing model and grows without bound for a certain and disagreeing one.

    Parameters, errors and source are those of `self_confidence`.

    Returns
    -------
    (N,) float
        0..1; 1 where the given label is certain.
    """
    given, probs = _checked(labels, pred_probs)
    trust = np.maximum(given_probs(given, probs), TINY)
    surprise = -np.log(np.minimum(trust, 1)) / np.log(probs.shape[1])
    ratio = np.maximum(_entropy(probs), surprise) / trust
    safe = np.maximum(ratio, TINY)
    scores: Probabilities = np.log1p(safe) / safe
    return np.minimum(scores, 1)


def adjusted(
    score: Callable[[ArrayLike, ArrayLike], Probabilities], labels: ArrayLike, pred_probs: ArrayLike
) -> Probabilities:
    """A score with each class's threshold taken off first, for classes the model is unequally sure of.

    Parameters
    ----------
    score
        `self_confidence` or `normalized_margin`; entropy has no meaning on shifted probabilities.
    labels, pred_probs
        As there.

    Returns
    -------
    (N,) float
        0..1.

    Raises
    ------
    ValueError
        For another score.

    Notes
    -----
    Thresholds are subtracted, the matrix is shifted by the largest of them to stay positive, and rows are
    normalised again, as the reference implementation does.
    """
    if score not in (self_confidence, normalized_margin):
        raise ValueError("only self_confidence and normalized_margin can be adjusted")
    given, probs = _checked(labels, pred_probs)
    thresholds = confident_thresholds(given, probs)
    shifted = probs - thresholds
    shifted += thresholds.max()
    shifted /= shifted.sum(axis=1, keepdims=True)
    return score(given, shifted)


def _checked(labels: ArrayLike, pred_probs: ArrayLike) -> tuple[Classes, Probabilities]:
    probs = checked_probs(pred_probs)
    given = checked_labels(labels, *probs.shape)
    read_rows(MatrixRows(probs))  # refuses the first row that is no distribution
    return given, probs


def margins_of(given: Classes, probs: Probabilities) -> Probabilities:
    """`normalized_margin` of arguments that are checked already, a block at a time."""
    margins = np.empty(len(given), dtype=probs.dtype)
    step = block_rows(probs)
    for start in range(0, len(given), step):
        part = slice(start, start + step)
        margins[part] = _margins_of_block(given[part], probs[part].copy())
    return margins


def _margins_of_block(given: Classes, block: Probabilities) -> Probabilities:
    place = np.arange(len(given))
    trust = block[place, given]
    block[place, given] = -np.inf
    margins: Probabilities = (trust - block.max(axis=1) + 1) / 2
    return margins


def _entropy(probs: Probabilities) -> Probabilities:
    total: Probabilities = -np.sum(xlogy(probs, probs), axis=1) / np.log(probs.shape[1])
    return total
