"""Which sets are probably wrong, and in which classes: one binary problem for each class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from connector.model import LabelledItem, LabelSchema, Prediction
from connector.model.reasons import BadPrediction, Code, NotJudged, coded
from workers.issues import MultilabelIssues, multilabel_issues
from workers.label_types.base import Suspicion, Suspicions, odd_input
from workers.label_types.multi_label import value

LEAST = 5  # a class is judged only if so many items carry it and so many do not


def detect(
    items: Sequence[LabelledItem],
    predictions: Sequence[Prediction | None],
    schema: LabelSchema,
    method: str,
) -> Suspicions:
    """The sets in which a class is probably missing or too many.

    A prediction needs a probability (0..1) of every class. They need not sum to 1, and are never
    normalised. What is suggested is the set with the suspicious classes turned round.
    """
    usable, unusable = _usable(predictions, schema)
    if not usable:
        return Suspicions((), (), unusable)
    probs = np.array([row for _, row in usable])
    marks = _marks([items[row].label for row, _ in usable], schema)
    issues = multilabel_issues(marks, probs, method=method, least=LEAST)
    result = [_suspicion(int(at), usable[int(at)][0], marks, issues, schema) for at in issues.order]
    suspicions = [one for one in result if one is not None]
    return Suspicions(suspicions, [row for row, _ in usable], unusable, odd_input(issues.warnings))


def _usable(
    predictions: Sequence[Prediction | None], schema: LabelSchema
) -> tuple[list[tuple[int, list[float]]], dict[Code, int]]:
    """Rows with their probabilities by class, and how many have none, by reason."""
    usable: list[tuple[int, list[float]]] = []
    unusable: Counter[Code] = Counter()
    for row, prediction in enumerate(predictions):
        if prediction is None:
            unusable[coded(NotJudged.NO_PREDICTION)] += 1
        elif prediction.class_scores is None or not set(schema.classes) <= set(prediction.class_scores):
            unusable[_bad(BadPrediction.NOT_EVERY_CLASS)] += 1
        else:
            probs = [float(prediction.class_scores[name]) for name in schema.classes]
            if all(0 <= p <= 1 for p in probs):
                usable.append((row, probs))
            else:
                unusable[_bad(BadPrediction.BAD_SCORE)] += 1
    return usable, dict(unusable)


def _bad(why: BadPrediction) -> Code:
    return coded(NotJudged.UNUSABLE_PREDICTION, why=why.value)


def _marks(labels: Sequence[str], schema: LabelSchema) -> NDArray[np.bool_]:
    """(N, K): which classes each label has."""
    number = {name: k for k, name in enumerate(schema.classes)}
    marks = np.zeros((len(labels), len(schema.classes)), dtype=np.bool_)
    for row, label in enumerate(labels):
        marks[row, [number[name] for name in value.classes(label)]] = True
    return marks


def _suspicion(
    at: int, row: int, marks: NDArray[np.bool_], issues: MultilabelIssues, schema: LabelSchema
) -> Suspicion | None:
    """The suspicion of one row; None where no class of its own is the reason (`low_*` methods)."""
    cells = np.flatnonzero(issues.cell_mask[at])
    if not len(cells):
        return None
    turned = marks[at].copy()
    turned[cells] ^= True
    against = 1 - issues.cell_scores[at, cells]  # how sure the model is of the other answer
    texts = [
        [schema.classes[int(k)], bool(marks[at, k]), float(p)] for k, p in zip(cells, against, strict=True)
    ]
    return Suspicion(
        row=row,
        suggested=value.key(schema.classes[int(k)] for k in np.flatnonzero(turned)),
        quality=float(issues.score[at]),
        probability=float(against.min()),
        evidence={"classes": sorted(texts, key=lambda one: -one[2])},
    )
