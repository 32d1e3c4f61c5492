"""Boxes and spans of a model of one's own: COCO's results, rows of any table, or a folder of YOLO's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from workers.cli.offline.columns import IDS
from workers.cli.offline.errors import BadFile
from workers.cli.offline.formats.entries import FileEntry
from workers.cli.offline.formats.source import load
from workers.cli.offline.kinds import FileKind
from workers.cli.offline.own_predictions import ARGUMENT
from workers.cli.offline.reading import entries_of
from workers.cli.offline.record import LeftOut
from workers.cli.offline.regions.data import PERCENT, Region, RegionData, RegionItem, Remarks
from workers.detect.predictions.region_rows import names_of, region_of, regions_in

NAMES = (*IDS, "image_id", "doc_id", "image", "file_name", "filename")
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
        result = by_item.get(item.id)
        if result and data.kind is FileKind.BOXES and item.size is None and not path.is_dir():
            reader.left_out.append(LeftOut(item.place, NO_SIZE))
            items.append(replace(item, predictions=None))
            continue
        if result is None:
            reader.remarks.add(
                "item without a prediction: taken as one in which the model finds nothing", item.place
            )
        items.append(replace(item, predictions=tuple(result or ())))
    return replace(
        data,
        items=tuple(items),
        left_out=(*data.left_out, *reader.left_out),
        notes=(*data.notes, *reader.remarks.sentences()),
    )


def _of_rows(reader: _Reader, path: Path) -> dict[str, list[Region]]:
    names = _item_names(reader.data.items)
    class_ids = reader.data.class_ids or {str(k): name for k, name in enumerate(reader.data.names())}
    result: dict[str, list[Region]] = defaultdict(list)
    for entry in entries_of(load(path, argument=ARGUMENT)).rows:
        item = _item_of(entry, names)
        if item is None:
            reader.remarks.add("prediction of an item that the file does not have", entry.place)
            continue
        result[item]  # a row without regions says that there are none
        for one in regions_in(entry.values):
            region = region_of(one, class_ids, in_text=reader.data.kind is FileKind.SPANS)
            if isinstance(region, str):
                reader.left_out.append(LeftOut(f"{ARGUMENT}, {entry.place}", f"prediction: {region}"))
            else:
                result[item].append(Region(region.label, region.spot, None, region.score))
    return result


def _item_names(items: tuple[RegionItem, ...]) -> dict[str, str]:
    """What an item may be called: its id, its file, the file's name with and without its ending."""
    return names_of((item.id, item.name) for item in items) | {item.id: item.id for item in items}


def _item_of(entry: FileEntry, names: Mapping[str, str]) -> str | None:
    for key in NAMES:
        held = entry.values.get(key)
        if isinstance(held, str | int) and not isinstance(held, bool):
            name = names.get(str(held)) or names.get(PurePath(str(held)).name)
            if name is not None:
                return name
    return None


def _of_folder(reader: _Reader, path: Path) -> dict[str, list[Region]]:
    from workers.cli.offline.regions.yolo import boxes_of

    names = reader.data.classes or reader.data.names()
    files = sorted(path.rglob("*.txt"))
    by_name = _item_names(reader.data.items)
    sizes = {item.id: item.size or PERCENT for item in reader.data.items}
    result: dict[str, list[Region]] = {}
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
        result[item] = regions
    return result
