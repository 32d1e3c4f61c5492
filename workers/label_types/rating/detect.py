"""Which ratings are probably wrong: far from what the model expects, for one that is often as far off."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from connector.model import LabelledItem, LabelSchema, Prediction
from connector.model.reasons import BadPrediction, Code, NotJudged, coded
from workers.issues import number_issues
from workers.label_types.base import Suspicion, Suspicions, odd_input
from workers.label_types.rating import value

UNKNOWN = 0.5  # of a suggestion for which the model gives no probability


def detect(
    items: Sequence[LabelledItem],
    predictions: Sequence[Prediction | None],
    schema: LabelSchema,
    method: str,  # noqa: ARG001 - confident learning's, which knows no distance between classes
) -> Suspicions:
    """The ratings that stand out from the residuals of items with like predictions.

    A prediction is a number, or a probability of each step of the scale. A rating is not flagged where the
    nearest step to what is expected is the rating itself.
    """
    usable, unusable = _usable(predictions, schema)
    given = [float(items[row].label) for row, _ in usable]
    issues = number_issues(given, [number for _, number in usable])
    one_in = _rarity(issues.score)
    result = []
    for at in issues.order.tolist():
        row = usable[at][0]
        expected = float(issues.expected[at])
        suggested = value.nearest(expected, schema)
        if suggested != items[row].label:
            result.append(
                Suspicion(
                    row=row,
                    suggested=suggested,
                    quality=float(issues.score[at]),
                    probability=_probability(predictions[row], suggested),
                    evidence={
                        "expected": expected,
                        "spread": _finite(float(issues.spread[at])),
                        "one_in": one_in(float(issues.score[at])),
                    },
                )
            )
    return Suspicions(result, [row for row, _ in usable], unusable, odd_input(issues.warnings))


def _rarity(scores: NDArray[np.float64]) -> Callable[[float], int]:
    """Score → of how many ratings one is as far off; `scores` (N,) are of all, NaN where not judged."""
    ordered = np.sort(scores[~np.isnan(scores)])  # but once: many may be asked about
    return lambda score: len(ordered) // int(np.searchsorted(ordered, score, side="right"))


def _usable(
    predictions: Sequence[Prediction | None], schema: LabelSchema
) -> tuple[list[tuple[int, float]], dict[Code, int]]:
    """Rows with the number that is expected, and how many have none, by reason."""
    usable: list[tuple[int, float]] = []
    unusable: Counter[Code] = Counter()
    for row, prediction in enumerate(predictions):
        number = None if prediction is None else _expected(prediction, schema)
        if prediction is None:
            unusable[coded(NotJudged.NO_PREDICTION)] += 1
        elif number is None:
            unusable[coded(NotJudged.UNUSABLE_PREDICTION, why=BadPrediction.NO_NUMBER.value)] += 1
        else:
            usable.append((row, number))
    return usable, dict(unusable)


def _expected(prediction: Prediction, schema: LabelSchema) -> float | None:
    scores = prediction.class_scores or {}
    if value.EXPECTED in scores:
        return _finite(scores[value.EXPECTED])
    if scores:
        return _mean(scores, schema)
    return None if prediction.label is None else float(prediction.label)


def _mean(scores: Mapping[str, float], schema: LabelSchema) -> float | None:
    if not set(scores) <= set(schema.classes):
        return None
    steps = np.array([float(name) for name in scores])
    weights = np.array([float(p) for p in scores.values()])
    if not np.isfinite(weights).all() or (weights < 0).any() or not weights.sum():
        return None
    return float(weights @ steps / weights.sum())


def _probability(prediction: Prediction | None, suggested: str) -> float:
    scores = (prediction.class_scores if prediction is not None else None) or {}
    return min(1.0, max(0.0, scores.get(suggested, UNKNOWN)))


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
