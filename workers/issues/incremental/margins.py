"""How the given label of some rows stands against the other classes."""

from __future__ import annotations

import numpy as np

from workers.issues.arrays import Classes, Mask, Probabilities
from workers.issues.validation import SLACK


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
