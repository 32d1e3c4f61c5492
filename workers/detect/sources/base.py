"""What a source of class probabilities gives, and how a prediction becomes a row of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from connector.model import Json, LabelledItem, LabelSchema, Prediction
from connector.model.reasons import Code, NotJudged, coded
from workers.context import Context
from workers.detect.predictions.spread import Unusable, from_class_scores, spread_top
from workers.detect.state import Basis
from workers.issues.neighbours import Metric, Neighbours, knn, searchable, too_many_rows

SEED = 20_210_208  # any fixed number: equal data gives equal probabilities

RowOfItem = dict[int, NDArray[np.floating[Any]]]  # item id → its probabilities (K,)


@dataclass(frozen=True)
class Probabilities:
    """Row i of `matrix` (N x K, rows sum to 1) judges `items[i]`; columns are the schema's classes."""

    items: Sequence[LabelledItem]
    matrix: NDArray[np.floating[Any]]
    model_version: str
    features: Any | None = None  # (N, D) where the model had some; for finding similar items
    metric: Metric | None = None  # of the features; None: what their number of columns suggests
    skipped: Mapping[Code, int] = field(default_factory=dict)
    warnings: tuple[Code, ...] = ()
    report: Json = field(default_factory=dict)
    limit: float = 1.0  # share of the review budget that its flags may take: less for a weak model

    @cached_property
    def neighbours(self) -> Neighbours | None:
        """The neighbour graph of `features`, computed once for all that ask.

        None without features, or with more rows than can be compared in reasonable time (`warnings` says so).
        """
        if self.features is None or too_many_rows(len(self.items)):
            return None
        return knn(searchable(self.features, SEED), metric=self.metric)


@dataclass(frozen=True)
class PredictionSource(ABC):
    """One source of class probabilities, for one project as its labelling config is now.

    `version` is the model to ask for where a source has several; None is the newest.
    """

    context: Context
    schema: LabelSchema
    version: str | None = None

    # Whether what the model said of an item holds for any label that the item is given: it was not trained
    # on these labels, or judged each row without its own.
    lasting: ClassVar[bool] = True

    @abstractmethod
    def all(self, items: Sequence[LabelledItem]) -> Probabilities:
        """The probabilities of labelled items, which may be of none of them."""

    @abstractmethod
    def changed(self, items: Sequence[LabelledItem], basis: Basis) -> RowOfItem:
        """Those of items that changed since a scan, as far as they are of the scan's model.

        The other items are not judged anew.
        """

    def outdated(self, changed: Sequence[int], basis: Basis) -> bool:  # noqa: ARG002 - of items by id
        """Whether these changes bring predictions of another model than the one that the scan judged by."""
        return False


def from_predictions(
    schema: LabelSchema,
    items: Sequence[LabelledItem],
    predictions: Iterable[Prediction | None],
    version: str,
) -> Probabilities:
    """One row for each usable prediction; the others are skipped by reason."""
    kept: list[LabelledItem] = []
    matrix = np.empty((len(items), len(schema.classes)))
    skipped: Counter[Code] = Counter()
    for item, prediction in zip(items, predictions, strict=True):
        if prediction is None:
            skipped[coded(NotJudged.NO_PREDICTION)] += 1
            continue
        row = row_of(prediction, schema.classes)
        if isinstance(row, Unusable):
            skipped[coded(NotJudged.UNUSABLE_PREDICTION, why=row.reason.value)] += 1
            continue
        matrix[len(kept)] = row
        kept.append(item)
    return Probabilities(kept, matrix[: len(kept)], version, skipped=dict(skipped))


def row_of(prediction: Prediction, classes: Sequence[str]) -> NDArray[np.float64] | Unusable:
    """The probabilities (K,) that a prediction stands for, or why it stands for none."""
    if prediction.class_scores is not None:
        return from_class_scores(prediction.class_scores, classes)
    return spread_top(prediction.label, prediction.score, classes)


def usable_rows(schema: LabelSchema, predictions: Mapping[int, Prediction]) -> RowOfItem:
    """The probabilities of items whose prediction can be used."""
    rows = {item_id: row_of(prediction, schema.classes) for item_id, prediction in predictions.items()}
    return {item_id: row for item_id, row in rows.items() if not isinstance(row, Unusable)}
