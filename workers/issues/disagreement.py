"""Which rows disagree with their label so clearly that the label may be an issue."""

from __future__ import annotations

from workers.issues.arrays import Classes, Mask, Probabilities
from workers.issues.validation import SLACK


def loses(given: Classes, trust: Probabilities, predicted: Classes, top: Probabilities) -> Mask:
    """Rows whose given label does not win even with 1e-6 added to its probability.

    `trust` is the probability of the given class, `predicted` the (first) most probable class and `top` the
    probability of that. Equal probabilities are won by the smaller class number.
    """
    lifted = trust + trust.dtype.type(SLACK)
    mask: Mask = (lifted == top) & (given > predicted)
    mask |= lifted < top
    mask &= predicted != given
    return mask
