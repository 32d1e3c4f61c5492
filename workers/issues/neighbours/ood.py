"""Items that belong to no class the model knows, by its probabilities."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import xlogy

from workers.issues.arrays import Probabilities, block_rows
from workers.issues.thresholds import confident_thresholds
from workers.issues.validation import InvalidInput, checked_probs, refuse_values


class OodMethod(StrEnum):
    """What of a distribution tells that the item is a stranger."""

    ENTROPY = "entropy"
    LEAST_CONFIDENCE = "least_confidence"


def ood_scores(
    pred_probs: ArrayLike,
    labels: ArrayLike | None = None,
    *,
    adjust: bool = True,
    method: OodMethod | str = OodMethod.ENTROPY,
) -> NDArray[np.floating]:
    r"""How well the model's probabilities place each row in one class.

    Parameters
    ----------
    pred_probs : (N, K) float32 or float64
        Out-of-sample probabilities.
    labels : (N,) int, optional
        Given classes 0..K-1; needed where `adjust` is set.
    adjust : bool
        Take each class's mean self-confidence off first, so that items of classes that the model is always
        unsure of do not look strange.
    method
        "entropy": 1 - H(p) / log K. "least_confidence": the largest probability.

    Returns
    -------
    (N,) float
        0..1, low = out of distribution; in the type of `pred_probs`.

    Raises
    ------
    InvalidInput
        For probabilities or labels that do not fit, missing labels or an unknown method.

    Notes
    -----
    As cleanlab 2.9.0's `OutOfDistribution.fit_score(pred_probs=..., labels=...)`. Adjusted rows are
    :math:`(p - t + \max t)` normalised, t being the thresholds of confident learning.
    """
    probs = checked_probs(pred_probs)
    chosen = _method(method)
    thresholds = _thresholds(probs, labels) if adjust else None
    scores = np.empty(len(probs), dtype=probs.dtype)
    step = block_rows(probs)
    for start in range(0, len(probs), step):
        block = probs[start : start + step]
        refuse_values(block, start)
        scores[start : start + step] = _scored(block, thresholds, chosen)
    return np.clip(scores, 0, 1)


def _thresholds(probs: Probabilities, labels: ArrayLike | None) -> Probabilities:
    if labels is None:
        remedy = "Give the labels, or adjust=False"
        raise InvalidInput("are needed to adjust the scores", argument="labels", remedy=remedy)
    return confident_thresholds(labels, probs)


def _method(method: OodMethod | str) -> OodMethod:
    try:
        return OodMethod(method)
    except ValueError as error:
        remedy = f"Choose one of {', '.join(OodMethod)}"
        raise InvalidInput(f"is {method!r}", argument="method", remedy=remedy) from error


def _scored(block: Probabilities, thresholds: Probabilities | None, method: OodMethod) -> Probabilities:
    if thresholds is not None:
        block = block - thresholds
        block += thresholds.max()
        block /= block.sum(axis=1, keepdims=True)
    if method is OodMethod.LEAST_CONFIDENCE:
        return np.asarray(block.max(axis=1))
    known = np.maximum(block, 0)  # a probability may lie below 0 by rounding
    return np.asarray(1.0 + xlogy(known, known).sum(axis=1) / np.log(block.shape[1]))
