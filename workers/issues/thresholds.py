"""How sure the model must be of a class before a row counts as confidently of that class."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workers.issues.arrays import Classes, Probabilities
from workers.issues.groups import Groups
from workers.issues.spreading import THREADS, slices, spread
from workers.issues.validation import checked_labels, checked_probs

LOWEST = 2e-6  # no threshold lies below, so that a probability of 0 is never confident
UNREACHABLE = 2.0  # the threshold of a class that no row carries
PICKED = 1 << 15  # given probabilities picked together
SLACK = 1e-6  # a probability this far below its threshold still counts


def confident_thresholds(labels: ArrayLike, pred_probs: ArrayLike) -> Probabilities:
    r"""Mean self-confidence of each class: the threshold of confident learning.

    Parameters
    ----------
    labels : (N,) int
        Given classes, 0..K-1.
    pred_probs : (N, K) float32 or float64
        Out-of-sample probabilities.

    Returns
    -------
    (K,) float
        At least 2e-6; 2 for a class without rows. float32 for float32 input in which every class occurs,
        as the reference implementation computes it, else float64.

    Raises
    ------
    InvalidInput
        For shapes, types and labels that do not fit. Values are not looked at.

    Notes
    -----
    :math:`t_j = \frac{1}{|X_{\tilde y=j}|} \sum_{x \in X_{\tilde y=j}} \hat p(\tilde y = j; x, \theta)`,
    equation 2 of Northcutt et al. (2021), arXiv:1911.00068. The order of summation (rows in their order,
    numpy's pairwise sum) and the type are part of the result: a row may stand exactly on its threshold.
    """
    probs = checked_probs(pred_probs)
    given = checked_labels(labels, *probs.shape)
    return thresholds_from(probs, Groups(given, probs.shape[1]))


def thresholds_of(self_confidence: Probabilities, groups: Groups, *, threads: int = THREADS) -> Probabilities:
    """The thresholds from each row's self-confidence."""
    return _means_by_class(groups, self_confidence.dtype, lambda part: self_confidence[part], threads)


def thresholds_from(probs: Probabilities, groups: Groups, *, threads: int = THREADS) -> Probabilities:
    """The thresholds from the matrix."""

    def picked(part: slice) -> Probabilities:
        labels = groups.labels[part]
        result: Probabilities = probs[part][np.arange(len(labels)), labels]
        return result

    return _means_by_class(groups, probs.dtype, picked, threads)


def _means_by_class(
    groups: Groups,
    dtype: np.dtype[np.floating],
    self_confidence: Callable[[slice], Probabilities],
    threads: int,
) -> Probabilities:
    """Chunks are sorted by class into one array, in which each class then lies together in row order."""
    placed = np.empty(len(groups.labels), dtype=dtype)
    ends = np.cumsum(groups.counts)
    before = np.cumsum(groups.counts_by_chunk, axis=0) - groups.counts_by_chunk
    starts = ends - groups.counts + before

    def place(numbered: tuple[int, slice]) -> None:
        number, part = numbered
        values = self_confidence(part)[groups.by_class(part)]
        end = 0
        for label in np.flatnonzero(groups.counts_by_chunk[number]).tolist():
            start, end = end, end + int(groups.counts_by_chunk[number, label])
            at = int(starts[number, label])
            placed[at : at + end - start] = values[start:end]

    spread(lambda: place, list(enumerate(groups.chunks())), threads)
    present = groups.counts > 0
    thresholds = np.full(len(present), UNREACHABLE, dtype=placed.dtype if present.all() else np.float64)
    for label in np.flatnonzero(present):
        thresholds[label] = np.mean(placed[ends[label] - groups.counts[label] : ends[label]])
    np.maximum(thresholds, thresholds.dtype.type(LOWEST), out=thresholds)
    return thresholds


def given_probs(given: Classes, probs: Probabilities, *, threads: int = THREADS) -> Probabilities:
    """The probability of each row's given label."""
    picked = np.empty(len(given), dtype=probs.dtype)

    def pick(part: slice) -> None:
        labels = given[part]
        picked[part] = probs[part][np.arange(len(labels)), labels]

    spread(lambda: pick, slices(len(given), PICKED), threads)
    return picked


def cutoffs(thresholds: Probabilities, dtype: np.dtype[np.floating]) -> Probabilities:
    """The smallest values of `dtype` that reach the thresholds.

    float32 probabilities are compared with float64 thresholds in float64; rounding the threshold up to the
    next float32 gives the same answer without converting the matrix.
    """
    exact: NDArray[np.floating] = thresholds - thresholds.dtype.type(SLACK)
    rounded = exact.astype(dtype)
    upwards = np.nextafter(rounded, dtype.type(np.inf))
    return np.where(rounded < exact, upwards, rounded)
