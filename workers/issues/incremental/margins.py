"""How the given label of some rows stands against the other classes."""

from __future__ import annotations

import numpy as np

from workers.issues.arrays import Classes, Mask, Probabilities, Rows
from workers.issues.validation import SLACK

CHUNK = 1 << 14  # rows copied at a time


def disagreeing(given: Classes, block: Probabilities) -> Mask:
    """Rows whose given label does not win even with 1e-6 added to its probability."""
    place = np.arange(len(given))
    trust = block[place, given]
    predicted = block.argmax(axis=1)
    top = block[place, predicted]
    lifted = trust + block.dtype.type(SLACK)
    loses: Mask = (lifted < top) | ((lifted == top) & (given > predicted))
    mask: Mask = loses & (predicted != given)
    return mask


def normalized_margins(given: Classes, block: Probabilities) -> Probabilities:
    """The score of `quality.normalized_margin`, a few rows at a time."""
    margins = np.empty(len(given), dtype=block.dtype)
    for start in range(0, len(given), CHUNK):
        part = slice(start, start + CHUNK)
        margins[part] = _margins(given[part], block[part].copy())
    return margins


def _margins(given: Classes, block: Probabilities) -> Probabilities:
    place: Rows = np.arange(len(given))
    trust = block[place, given]
    block[place, given] = -np.inf
    margins: Probabilities = (trust - block.max(axis=1) + 1) / 2
    return margins
