"""Regions from a file, for labels that have parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connector.errors import Misconfigured
from connector.model import LabelledItem, LabelSchema, Prediction
from connector.model.item_data import value_at
from connector.model.item_text import labelled_object, labelled_text
from connector.model.reasons import Code, NotJudged, coded
from connector.platforms.results import finite
from workers.context import Context
from workers.detect.predictions.errors import NoPredictions
from workers.detect.predictions.region_file import RegionFile, Row, bad_file, read_region_file
from workers.detect.predictions.region_rows import PredictedRegion, is_region, names_of, region_of, regions_in
from workers.detect.predictions.region_values import NO_AREA
from workers.label_types.base import LabelType, odd_input

NAMES = ("file_name", "filename", "image")
NAMED = "Name the item in 'task_id' or 'file_name', or give COCO's object with 'images'"
WRITTEN = "Give label, score (0 to 1), and bbox, box or start and end; COCO's numbers need 'categories'"
NO_ITEM = "prediction of an item that the project does not have, or without a label"
BEYOND_TEXT = "span beyond its text"
NO_SIZE = "box on a picture whose size is not known (give its 'width' and 'height' beside a list)"

Shown = tuple[float, float] | str | None


@dataclass(frozen=True, slots=True)
class ReadRegions:
    """One prediction for each of `items`, where the file has one; what was left out, and said of it."""

    model_version: str
    items: Sequence[LabelledItem]
    predictions: Sequence[Prediction | None]
    skipped: Mapping[Code, int]
    warnings: tuple[Code, ...]


@dataclass(slots=True)
class _Matched:
    """The file's regions by item: part → score. What fits nothing is counted, with its first place."""

    file: RegionFile
    kind: LabelType
    schema: LabelSchema
    labels: Mapping[str, str]
    texts: Mapping[str, str | None]
    in_text: bool
    parts: dict[str, dict[str, float]] = field(default_factory=dict)
    odd: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)

    def take(self, place: str, about: Row, row: Row, item: str) -> None:
        """All regions of a row; one without a region says that there is none."""
        parts = self.parts.setdefault(item, {})
        shown: Shown = self.texts.get(item) if self.in_text else _size(about)
        for one in regions_in(row):
            region = region_of(one, self.file.class_ids, in_text=self.in_text)
            if isinstance(region, PredictedRegion):
                part = self._part(place, region, shown, self.labels[item])
                if part is not None:
                    parts[part] = max(region.score, parts.get(part, 0.0))
            elif region == NO_AREA:
                self.leave_out(region, place)
            else:
                raise self.file.bad(place, region, one, WRITTEN)

    def _part(self, place: str, region: PredictedRegion, shown: Shown, beside: str) -> str | None:
        if region.label not in self.schema.classes:
            self.leave_out("label that the control does not have", f"{place}, '{region.label}'")
            return None
        part = self.kind.part_at(region.label, region.spot, shown, beside)
        if part is None:
            self.leave_out(BEYOND_TEXT if self.in_text else NO_SIZE, place)
        return part

    def leave_out(self, what: str, place: str) -> None:
        """Count what fits nothing."""
        self.odd[what] += 1
        self.first.setdefault(what, place)


def from_file(
    context: Context, kind: LabelType, schema: LabelSchema, items: Sequence[LabelledItem]
) -> ReadRegions:
    """What the configured file says of each item. Misconfigured where it cannot be used.

    An item that the file does not name is not judged by it; one that it names without a region is one in
    which the model sees nothing. Rows, labels and places that fit nothing are counted.
    """
    chosen = context.settings.predictions
    where = f"projects.{context.project.name}.predictions.path"
    if chosen.path is None:  # excluded by the settings
        raise Misconfigured("is missing", field=where, remedy="Name the file.")
    with context.read() as unit:
        data = unit.items.data([item.item_id for item in items])
    shown = labelled_object(schema)
    values = {item.remote_id: value_at(data[item.item_id], shown.field) if shown else None for item in items}
    texts = {item.remote_id: labelled_text(schema, data[item.item_id]) for item in items}
    try:
        matched = _match(read_region_file(chosen.path), kind, schema, items, values, texts)
    except NoPredictions as error:
        raise Misconfigured(
            str(error), field=where, remedy="Then scan again; nothing was changed."
        ) from error
    kept = [item for item in items if item.remote_id in matched.parts or item.others]
    now, name = context.services.clock.now(), chosen.path.name
    return ReadRegions(
        name,
        kept,
        [
            Prediction("", name, None, None, matched.parts[item.remote_id], now)
            if item.remote_id in matched.parts
            else None
            for item in kept
        ],
        {coded(NotJudged.NOT_IN_FILE): len(items) - len(kept)} if len(kept) < len(items) else {},
        odd_input(
            f"{name}: {n:,} × {what} (first: {matched.first[what]})." for what, n in matched.odd.items()
        ),
    )


def _match(
    file: RegionFile,
    kind: LabelType,
    schema: LabelSchema,
    items: Sequence[LabelledItem],
    values: Mapping[str, Any],
    texts: Mapping[str, str | None],
) -> _Matched:
    """The file's regions by item. NoPredictions for a row that cannot be read, or where none fits."""
    in_text = kind.tags([], [], schema) is not None
    labels = {item.remote_id: item.label for item in items}
    names = names_of((item, held) for item, held in values.items() if isinstance(held, str) and not in_text)
    result = _Matched(file, kind, schema, labels, texts, in_text)
    for picture in file.pictures.values():
        item = _item_of(picture, labels, names)
        if item is not None:
            result.parts[item] = {}
    for place, row in file.rows:
        about = _about(file, place, row)
        item = _item_of(about, labels, names)
        if item is None:
            result.leave_out(NO_ITEM, place)
        else:
            result.take(place, about, row, item)
    if not result.parts:
        raise bad_file(file.name, "names none of the project's labelled items", NAMED)
    return result


def _about(file: RegionFile, place: str, row: Row) -> Row:
    """What names the item of a row: itself, or the picture that it is about."""
    if "task_id" in row or any(name in row for name in NAMES):
        return row
    picture = file.pictures.get(str(row.get("image_id")))
    if picture is None:
        raise file.bad(place, "nothing names its item", row, NAMED)
    return picture


def _item_of(row: Row, labels: Mapping[str, str], names: Mapping[str, str]) -> str | None:
    if "task_id" in row:
        return next((name for name in (str(row["task_id"]),) if name in labels), None)
    held = next((row[name] for name in NAMES if isinstance(row.get(name), str)), "")
    return names.get(held) or names.get(held.rpartition("/")[2])


def _size(row: Row) -> tuple[float, float] | None:
    """Of the picture; beside the numbers of one region they could be the region's own."""
    if is_region(row):
        return None
    width, height = finite(row.get("width")), finite(row.get("height"))
    return (width, height) if width and height and min(width, height) > 0 else None
