"""Probabilities from a model server, which is asked for each item."""

from __future__ import annotations

from collections.abc import Sequence

from connector.model import LabelledItem, LabelSchema, Prediction
from workers.context import Context
from workers.detect.sources.base import (
    PredictionSource,
    Probabilities,
    RowOfItem,
    from_predictions,
    usable_rows,
)
from workers.detect.state import Basis

ASK_AT_ONCE = 50  # tasks in one request
NO_NAME = "backend"  # the version of a model that tells none


class BackendPredictions(PredictionSource):
    def all(self, items: Sequence[LabelledItem]) -> Probabilities:
        version, answers = from_backend(self.context, self.schema, items)
        return from_predictions(self.schema, items, answers, version)

    def changed(self, items: Sequence[LabelledItem], basis: Basis) -> RowOfItem:
        of_the_model = {
            item.item_id: answer
            for item, answer in zip(items, from_backend(self.context, self.schema, items)[1], strict=True)
            if answer is not None and (answer.model_version or NO_NAME) == basis.model_version
        }
        return usable_rows(self.schema, of_the_model)


def from_backend(
    context: Context, schema: LabelSchema, items: Sequence[LabelledItem]
) -> tuple[str, list[Prediction | None]]:
    """The model's version, and what it says of each item now."""
    backend = context.services.model_backend(context.project.name)
    answers: list[Prediction | None] = []
    for start in range(0, len(items), ASK_AT_ONCE):
        part = items[start : start + ASK_AT_ONCE]
        with context.read() as unit:
            data = unit.items.data([item.item_id for item in part])
        answers += backend.predict(schema, [(item.remote_id, data[item.item_id]) for item in part])
        context.progress(start + len(part), len(items), "predictions")
    return next((a.model_version for a in answers if a is not None and a.model_version), NO_NAME), answers
