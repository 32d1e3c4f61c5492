"""Label quality over all reviews: figures, fairness to classes, and what to ask next."""

from __future__ import annotations

from workers.review.quality.asking import (
    MOST_RANKED,
    Learned,
    control_share,
    learned,
    learned_from_verdicts,
    next_to_ask,
)
from workers.review.quality.fairness import loses_too_much, net_change, rare_classes
from workers.review.quality.figures import QualityFigures, figures
from workers.review.quality.harm import Harm, harm_of

__all__ = [
    "MOST_RANKED",
    "Harm",
    "Learned",
    "QualityFigures",
    "control_share",
    "figures",
    "harm_of",
    "learned",
    "learned_from_verdicts",
    "loses_too_much",
    "net_change",
    "next_to_ask",
    "rare_classes",
]
