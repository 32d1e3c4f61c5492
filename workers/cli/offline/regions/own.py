"""Boxes and spans of a model of one's own: COCO's results, rows of any table, or a folder of YOLO's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

from connector.platforms.results import finite
from workers.cli.offline.columns import IDS
from workers.cli.offline.errors import BadFile
from workers.cli.offline.formats.entries import FileEntry
from workers.cli.offline.formats.source import load
from workers.cli.offline.kinds import FileKind
from workers.cli.offline.own_predictions import ARGUMENT
from workers.cli.offline.reading import entries_of
from workers.cli.offline.record import LeftOut
from workers.cli.offline.regions.data import PERCENT, Region, RegionData, RegionItem, Remarks
from workers.cli.offline.regions.texts import whole_offsets
from workers.cli.offline.regions.values import box_from_corner, box_from_corners, labels_of

NAMES = (*IDS, "image_id", "doc_id", "image", "file_name", "filename")
NESTED = ("predictions", "boxes", "spans", "entities", "regions", "objects", "detections")
SCORES = ("score", "confidence", "probability", "prob")
CORNERS = (("x1", "y1", "x2", "y2"), ("xmin", "ymin", "xmax", "ymax"))
NO_SIZE = "picture whose size is not known: predictions in pixels cannot be held against its boxes"


@dataclass(slots=True)
class _Reader:
    data: RegionData
    left_out: list[LeftOut]
    remarks: Remarks


def with_predictions(data: RegionData, path: Path) -> RegionData:
    """The data with these predictions in place of the file's own.

    Raises
    ------
    BadFile
        If nothing in it is about an item of the file, or it cannot be read.
    """
    reader = _Reader(data, [], Remarks())
    by_item = _of_folder(reader, path) if path.is_dir() else _of_rows(reader, path)
    if not by_item:
        raise BadFile(
            "none of its predictions is about an item of the file",
            argument=ARGUMENT,
            remedy="Give the item's id, or the picture's file name, in 'id', 'image_id' or 'file_name'",
        )
    items = []
    for item in data.items:
        found = by_item.get(item.id)
        if found and data.kind is FileKind.BOXES and item.size is None and not path.is_dir():
            reader.left_out.append(LeftOut(item.place, NO_SIZE))
            items.append(replace(item, predictions=None))
            continue
        if found is None:
            reader.remarks.add(
                "item without a prediction: taken as one in which the model finds nothing", item.place
            )
        items.append(replace(item, predictions=tuple(found or ())))
    return replace(
        data,
        items=tuple(items),
        left_out=(*data.left_out, *reader.left_out),
        notes=(*data.notes, *reader.remarks.sentences()),
    )


def _of_rows(reader: _Reader, path: Path) -> dict[str, list[Region]]:
    names = _item_names(reader.data.items)
    found: dict[str, list[Region]] = defaultdict(list)
    for entry in entries_of(load(path, argument=ARGUMENT)).rows:
        item = _item_of(entry, names)
        if item is None:
            reader.remarks.add("prediction of an item that the file does not have", entry.place)
            continue
        found[item]  # a row without regions says that there are none
        for one in _regions_in(entry):
            region = _region(one, reader.data)
            if isinstance(region, str):
                reader.left_out.append(LeftOut(f"{ARGUMENT}, {entry.place}", f"prediction: {region}"))
            else:
                found[item].append(region)
    return found


def _item_names(items: tuple[RegionItem, ...]) -> dict[str, str]:
    """What an item may be called: its id, its file, the file's name with and without its ending."""
    names: dict[str, str] = {}
    for item in items:
        for name in (item.name, PurePath(item.name).name, PurePath(item.name).stem):
            if name:
                names.setdefault(name, item.id)
    return names | {item.id: item.id for item in items}


def _item_of(entry: FileEntry, names: Mapping[str, str]) -> str | None:
    for key in NAMES:
        held = entry.values.get(key)
        if isinstance(held, str | int) and not isinstance(held, bool):
            name = names.get(str(held)) or names.get(PurePath(str(held)).name)
            if name is not None:
                return name
    return None


def _regions_in(entry: FileEntry) -> Iterator[Any]:
    nested = next((entry.values[key] for key in NESTED if isinstance(entry.values.get(key), list)), None)
    if nested is None:
        yield entry.values
    else:
        yield from nested


def _region(one: Any, data: RegionData) -> Region | str:
    if not isinstance(one, Mapping):
        return "region that is no object"
    label = _label(one, data)
    score = next((finite(one[key]) for key in SCORES if one.get(key) is not None), None)
    if label is None:
        return "region without a label that the file's categories know"
    if score is None or not 0 <= score <= 1:
        return "region without a score from 0 to 1"
    spot = _span(one) if data.kind is FileKind.SPANS else _box(one)
    return spot if isinstance(spot, str) else Region(label, spot, None, score)


def _label(one: Mapping[str, Any], data: RegionData) -> str | None:
    if "category_id" in one:
        known = data.class_ids or {str(k): name for k, name in enumerate(data.names())}
        return known.get(str(one["category_id"]))
    return next(iter(labels_of(one)), None)


def _box(one: Mapping[str, Any]) -> tuple[float, ...] | str:
    if "bbox" in one:
        return box_from_corner(_listed(one["bbox"]))
    for key in ("box", "xyxy"):
        if key in one:
            return box_from_corners(_listed(one[key]))
    names = next((each for each in CORNERS if each[0] in one), CORNERS[0])
    held = [one.get(name) for name in names]
    return box_from_corners([*held, *([one["rotation"]] if one.get("rotation") is not None else [])])


def _span(one: Mapping[str, Any]) -> tuple[float, ...] | str:
    return whole_offsets(one.get("start", one.get("start_offset")), one.get("end", one.get("end_offset")))


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, list | tuple) else value


def _of_folder(reader: _Reader, path: Path) -> dict[str, list[Region]]:
    from workers.cli.offline.regions.yolo import boxes_of

    names = reader.data.classes or reader.data.names()
    files = sorted(path.rglob("*.txt"))
    by_name = _item_names(reader.data.items)
    sizes = {item.id: item.size or PERCENT for item in reader.data.items}
    found: dict[str, list[Region]] = {}
    for file in files:
        item = by_name.get(file.stem)
        if item is None:
            continue
        regions = list(boxes_of(file, sizes[item], names, reader.left_out, reader.remarks))
        if any(region.score is None for region in regions):
            problem = "a line has no sixth number, which is the box's confidence"
            raise BadFile(
                problem, argument=ARGUMENT, where=file.name, remedy="Save predictions with save_conf=True"
            )
        found[item] = regions
    return found
