"""What a detector's probabilities are worth, as the given boxes have it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workers.issues.arrays import Mask
from workers.issues.boxes.reading import BoxTable

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BIN, MOST_BINS = 50, 50  # predictions in a bin at least, and bins at most
STRENGTH = 10.0  # predictions that the stated probability of a bin, and the usual odds of a class, count for
LEAST = 1e-3  # no probability is nearer to 0 or 1


def calibrated(predicted: BoxTable, matched: Mask, n_classes: int) -> Floats:
    """How often predictions of such a class and probability stand on a given box of their class.

    Parameters
    ----------
    predicted
        P boxes.
    matched : (P,) bool
        Which of them do.

    Returns
    -------
    (P,) float
        0..1, rising with the probability within a class.

    Notes
    -----
    Isotonic regression (pool adjacent violators; Zadrozny and Elkan 2002) over bins of equally many
    predictions, with straight lines between them, and then odds of its own for each class, shrunk towards
    the usual ones. Given boxes are mostly right, so that those which lack one pull all values down alike.
    """
    if not len(predicted):
        return np.zeros(0)
    usual = np.clip(_isotonic(predicted.probability, matched), LEAST, 1 - LEAST)
    odds = usual / (1 - usual) * _class_odds(predicted.label, matched, usual, n_classes)[predicted.label]
    worth: Floats = odds / (1 + odds)
    return worth


def _isotonic(probability: Floats, matched: Mask) -> Floats:
    order = np.argsort(probability, kind="stable")
    bins = np.array_split(order, int(np.clip(len(order) // BIN, 1, MOST_BINS)))
    size = np.array([len(rows) for rows in bins], dtype=np.float64)
    stated = np.array([probability[rows].mean() for rows in bins])
    hits = np.array([np.count_nonzero(matched[rows]) for rows in bins])
    share = (hits + STRENGTH * stated) / (size + STRENGTH)
    if len(bins) == 1:
        shifted: Floats = np.clip(probability + (share[0] - stated[0]), 0, 1)
        return shifted
    interpolated: Floats = np.interp(probability, stated, _rising(share, size))
    return interpolated


def _rising(share: Floats, weight: Floats) -> Floats:
    """The nearest shares that never fall: neighbours that do are pooled."""
    pools: list[tuple[float, float, int]] = []  # share, weight, bins
    for value, heft in zip(share, weight, strict=True):
        pools.append((float(value), float(heft), 1))
        while len(pools) > 1 and pools[-2][0] >= pools[-1][0]:
            (a, n, i), (b, m, j) = pools[-2:]
            pools[-2:] = [((a * n + b * m) / (n + m), n + m, i + j)]
    return np.repeat([pool[0] for pool in pools], [pool[2] for pool in pools])


def _class_odds(label: Ints, matched: Mask, usual: Floats, n_classes: int) -> Floats:
    """(K,): by how much a class's odds differ from the usual."""
    n = np.bincount(label, minlength=n_classes)
    hits = np.bincount(label, matched, minlength=n_classes)
    expected = np.bincount(label, usual, minlength=n_classes)
    right, wrong = STRENGTH * usual.mean(), STRENGTH * (1 - usual.mean())
    odds: Floats = (hits + right) / (n - hits + wrong) * (n - expected + wrong) / (expected + right)
    return odds
