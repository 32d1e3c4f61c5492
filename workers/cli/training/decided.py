"""Regions as reviewers decided them, where that does not stand in the annotation that an item carries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from connector.model import CorrectionState, Json, LabelSchema, Outcome, WriteMode
from connector.model.item_data import value_at
from connector.platforms.results import dicts, of_item
from connector.ports import PartsCodec
from connector.store.views.training import ReviewedPart, TrainingItem
from workers.label_types.regions.label_type import InParts
from workers.label_types.registry import codecs_of, kind_of

TAKEN_BACK = frozenset(
    {CorrectionState.REVERTED, CorrectionState.REVERTING, CorrectionState.CONFLICT, CorrectionState.CANCELLED}
)


def is_elsewhere(part: ReviewedPart) -> bool:
    """Whether a decision was not written, or not into the label: it waits, failed, or is a prediction."""
    if part.outcome is not Outcome.ACCEPT or part.correction in {*TAKEN_BACK, CorrectionState.HELD}:
        return False
    return part.correction is not CorrectionState.APPLIED or part.mode is WriteMode.PREDICTION


def decided_items(
    items: Iterable[TrainingItem], schema: LabelSchema, platform: str
) -> Iterator[TrainingItem]:
    """The items of a project, with what was decided of their regions where they have some."""
    kind, codec = kind_of(schema), codecs_of(platform).get(schema.kind)
    if not isinstance(kind, InParts) or not isinstance(codec, PartsCodec):
        yield from items
        return
    for item in items:
        yield with_decisions(item, kind, codec, schema)


def with_decisions(item: TrainingItem, kind: InParts, codec: PartsCodec, schema: LabelSchema) -> TrainingItem:
    """The item with what was decided of its regions; without what somebody has changed since."""
    for number, part in enumerate(item.parts):
        label, decided = item.label, part.label
        if label is None or decided is None or not is_elsewhere(part):
            continue
        if kind.carries(label, part.given) and not kind.follows(label, part.given, decided):
            meta = {"secondlook": f"decided{number}"}
            result = _patched(item, codec, schema, part.given, decided, meta)
            item = replace(item, label=kind.keys.replaced(label, part.given, decided), result=result)
    return item


def _patched(
    item: TrainingItem, codec: PartsCodec, schema: LabelSchema, given: str, decided: str, meta: Json
) -> object:
    """The result with one region changed; as it is where it holds answers to questions, and no regions."""
    shown = {tag.name: value_at(item.data, tag.field) for tag in schema.objects}
    bound = of_item(codec, shown, schema.objects)
    if any("question" in entry for entry in dicts(item.result)) or not isinstance(bound, PartsCodec):
        return item.result
    return bound.patch(item.result, schema, given, decided, meta)
