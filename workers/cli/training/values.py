"""The value of a label key, by its type; regions are read from what the platform holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connector.model import CHOICE, LabelSchema
from connector.model.item_data import value_at
from connector.model.item_text import DIALOGUE, labelled_object, utterances
from connector.store.views.training import TrainingItem
from workers.cli.offline.kinds import FileKind, number_of
from workers.cli.offline.record import LeftOut
from workers.cli.offline.regions.data import Region, RegionItem
from workers.cli.offline.regions.label_studio import regions_of_task
from workers.cli.offline.regions.pictures import address_among
from workers.cli.training.standing import Read
from workers.label_types.multi_label.value import classes
from workers.label_types.spans.value import KEYS


def kind_of_schema(schema: LabelSchema) -> FileKind | None:
    """What a project's labels are; None for a type of another package, whose keys are exported."""
    try:
        return FileKind(schema.kind if schema.kind != CHOICE else FileKind.CHOICE)
    except ValueError:
        return None


def reader_of(schema: LabelSchema, left_out: list[LeftOut]) -> Read:
    """How labels of this control become values; what of regions cannot be read is added to `left_out`."""
    kind = kind_of_schema(schema)
    if kind is FileKind.MULTI_LABEL:
        return lambda _, key: list(classes(key))
    if kind is FileKind.RATING:
        return lambda _, key: number_of(key)
    if kind in (FileKind.BOXES, FileKind.SPANS):
        return lambda item, _: regions_in(item, schema, kind, left_out)
    return lambda _, key: key


def regions_in(
    item: TrainingItem, schema: LabelSchema, kind: FileKind, left_out: list[LeftOut]
) -> list[dict[str, Any]] | None:
    """The regions of the annotation that an item carries; None where they cannot be read."""
    read = read_regions(item, schema, kind)
    if read is None:
        return None
    result, lost = read
    left_out += lost
    return [plain_region(region, kind, each) for each in result for region in each.answers[0].regions]


def read_regions(
    item: TrainingItem, schema: LabelSchema, kind: FileKind
) -> tuple[Sequence[RegionItem], Sequence[LeftOut]] | None:
    """The pictures or the text of an item, with its regions."""
    if not isinstance(item.result, list):
        return None
    answered = any(isinstance(entry, dict) and "question" in entry for entry in item.result)
    result = _as_result(item.label or "", schema) if answered else item.result
    data = item.data if answered else _object_data(item, schema)
    task = {"id": item.item, "data": data, "annotations": [{"result": result}]}
    items, lost = regions_of_task(task, schema.control, kind)
    return (items, lost) if items else None


def picture_in(schema: LabelSchema, data: Mapping[str, Any]) -> str:
    """The address of the picture that the control is about."""
    shown = labelled_object(schema)
    return address_among(data.values() if shown is None else (value_at(data, shown.field),))


def _object_data(item: TrainingItem, schema: LabelSchema) -> dict[str, Any]:
    """What the control is about, and nothing beside it that could be taken for its text or picture."""
    shown = labelled_object(schema)
    if shown is None:
        return dict(item.data)
    value = value_at(item.data, shown.field)
    lines = utterances(value, shown.text_key) if shown.kind == DIALOGUE else None
    return {"text": value if lines is None else [{"text": line} for line in lines]}


def _as_result(label: str, schema: LabelSchema) -> list[dict[str, Any]]:
    """The spans of a label as Label Studio holds them, of a platform that does not hold results."""
    names = {"from_name": schema.control, "to_name": schema.to_name, "type": "labels"}
    return [
        names
        | {
            "id": str(n),
            "value": {"start": span.start, "end": span.end, "text": span.words, "labels": [part.label]},
        }
        for n, part in enumerate(KEYS.parts(label))
        for span in (part.spot,)
    ]


def plain_region(region: Region, kind: FileKind, item: RegionItem) -> dict[str, Any]:
    """A region as plain values: pixels where the picture's size is known, else percent."""
    if kind is FileKind.SPANS:
        start, end = int(region.spot[0]), int(region.spot[1])
        return {"label": region.label, "start": start, "end": end, "text": item.text[start:end]}
    x1, y1, x2, y2, rotation = (round(value, 3) for value in region.spot)
    size = None if item.size is None else [int(side) for side in item.size]
    return {
        "label": region.label,
        "x1": x1,
        "y1": y1,
        "x2": x2,
        "y2": y2,
        "rotation": rotation,
        "width": size[0] if size else None,
        "height": size[1] if size else None,
        "image": item.name,
    }
