"""The ways to choose issues."""

from __future__ import annotations

from enum import StrEnum

from workers.issues.validation import InvalidInput


class Method(StrEnum):
    """How issues are chosen; all but the last three use the confident joint."""

    PRUNE_BY_NOISE_RATE = "prune_by_noise_rate"
    PRUNE_BY_CLASS = "prune_by_class"
    BOTH = "both"
    CONFIDENT_LEARNING = "confident_learning"
    PREDICTED_NEQ_GIVEN = "predicted_neq_given"
    LOW_NORMALIZED_MARGIN = "low_normalized_margin"
    LOW_SELF_CONFIDENCE = "low_self_confidence"


PRUNING = frozenset({Method.PRUNE_BY_NOISE_RATE, Method.PRUNE_BY_CLASS, Method.BOTH})


def method_of(name: str) -> Method:
    """The method of that name; raises `InvalidInput` where there is none."""
    try:
        return Method(name)
    except ValueError as error:
        remedy = f"Choose one of {', '.join(Method)}"
        raise InvalidInput(f"is {name!r}", argument="method", remedy=remedy) from error
