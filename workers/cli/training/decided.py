"""Regions as reviewers decided them, where that does not stand in the annotation that an item carries."""

from __future__ import annotations

from dataclasses import replace

from connector.model import CorrectionState, LabelSchema, Outcome, WriteMode
from connector.model.item_data import value_at
from connector.platforms.results import dicts, of_item
from connector.ports import PartsCodec
from connector.store.views.training import ReviewedPart, TrainingItem
from workers.label_types.base import LabelType
from workers.label_types.regions.label_type import InParts

TAKEN_BACK = frozenset(
    {CorrectionState.REVERTED, CorrectionState.REVERTING, CorrectionState.CONFLICT, CorrectionState.CANCELLED}
)


def is_elsewhere(part: ReviewedPart) -> bool:
    """Whether a decision was not written, or not into the label: it waits, failed, or is a prediction."""
    if part.outcome is not Outcome.ACCEPT or part.correction in {*TAKEN_BACK, CorrectionState.HELD}:
        return False
    return part.correction is not CorrectionState.APPLIED or part.mode is WriteMode.PREDICTION


def with_decisions(item: TrainingItem, kind: LabelType, schema: LabelSchema) -> TrainingItem:
    """The item with what was decided of its regions; without what somebody has changed since."""
    for number, part in enumerate(item.parts):
        label, decided = item.label, part.label
        if label is None or decided is None or not is_elsewhere(part) or not isinstance(kind, InParts):
            continue
        if kind.carries(label, part.given) and not kind.follows(label, part.given, decided):
            patched = kind.keys.replaced(label, part.given, decided)
            result = _patched(item, kind, schema, part.given, decided, number)
            item = replace(item, label=patched, result=result)
    return item


def _patched(
    item: TrainingItem, kind: LabelType, schema: LabelSchema, given: str, decided: str, number: int
) -> object:
    """The result with one region changed; as it is on a platform that does not hold results."""
    codec = kind.codecs.get("label_studio")
    if not isinstance(codec, PartsCodec) or any("question" in entry for entry in dicts(item.result)):
        return item.result
    shown = {tag.name: value_at(item.data, tag.field) for tag in schema.objects}
    bound = of_item(codec, shown, schema.objects)
    if not isinstance(bound, PartsCodec):
        return item.result
    return bound.patch(item.result, schema, given, decided, {"secondlook": f"decided{number}"})
