"""Probabilities from predictions that stand on the platform."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from connector.model import LabelledItem, Prediction
from connector.store.unit_of_work import UnitOfWork
from workers.detect.sources.base import (
    PredictionSource,
    Probabilities,
    RowOfItem,
    from_predictions,
    usable_rows,
)
from workers.detect.state import Basis

READ_AT_ONCE = 5000  # stored predictions held as objects


class PlatformPredictions(PredictionSource):
    lasting: ClassVar[bool] = False  # predictions there change

    def all(self, items: Sequence[LabelledItem]) -> Probabilities:
        context = self.context
        with context.read() as unit:
            version = (
                self.version
                or context.settings.predictions.model_version
                or unit.items.newest_model_version(context.project.id)
            )
            return from_predictions(
                self.schema, items, stored_predictions(unit, items, version), version or "none"
            )

    def changed(self, items: Sequence[LabelledItem], basis: Basis) -> RowOfItem:
        with self.context.read() as unit:
            stored = unit.items.predicted([item.item_id for item in items], basis.model_version)
        return usable_rows(self.schema, stored)

    def outdated(self, changed: Sequence[int], basis: Basis) -> bool:
        if self.context.settings.predictions.model_version is not None:
            return False
        with self.context.read() as unit:
            if unit.items.model_versions(changed) <= {basis.model_version}:
                return False  # the long way is only for what is new
            return unit.items.newest_model_version(self.context.project.id) != basis.model_version


def stored_predictions(
    unit: UnitOfWork, items: Sequence[LabelledItem], version: str | None
) -> Iterator[Prediction | None]:
    """The prediction of each item; a few thousand at a time, for a million of them would fill the memory."""
    for start in range(0, len(items), READ_AT_ONCE):
        part = items[start : start + READ_AT_ONCE]
        predicted = unit.items.predicted([item.item_id for item in part], version) if version else {}
        yield from (predicted.get(item.item_id) for item in part)
