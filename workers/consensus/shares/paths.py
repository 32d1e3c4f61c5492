"""What was known of a question before anyone was asked, from what many questions share to what few do."""

from __future__ import annotations

import math

from workers.consensus.shares.prior import GroupPath

LEAST_PROBABILITY = 1e-9
BANDS = 5  # a factor of ten each


def path_of(kind: str, given: str, suggested: str, odds: float | None = None) -> GroupPath:
    """The groups that a question belongs to: kind, how far the model prefers the suggestion, class, pair.

    Parameters
    ----------
    kind
        What kind of question it is.
    given, suggested
        Names of the labels; any names do.
    odds
        The model's probability of the suggestion over that of the given label, from 0; None without a model.
    """
    return kind, _band(odds), given, f"{given} → {suggested}"


def odds_of(given: float, suggested: float) -> float:
    """The probability of the suggestion over that of the given label, neither taken for impossible."""
    return max(suggested, LEAST_PROBABILITY) / max(given, LEAST_PROBABILITY)


def _band(odds: float | None) -> str:
    if odds is None:
        return "no model"
    tens = min(max(math.floor(math.log10(max(odds, LEAST_PROBABILITY))), 0), BANDS)
    return f"10^{tens}"
