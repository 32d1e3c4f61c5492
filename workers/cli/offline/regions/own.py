"""Boxes and spans of a model of one's own: COCO's results, rows of any table, or a folder of YOLO's."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import Any

from connector.platforms.results import dicts
from connector.wording import number_of
from workers.cli.offline.columns import IDS
from workers.cli.offline.errors import BadFile
from workers.cli.offline.formats.entries import FileEntry
from workers.cli.offline.formats.source import load, text_of
from workers.cli.offline.kinds import FileKind
from workers.cli.offline.own_predictions import ARGUMENT
from workers.cli.offline.reading import entries_of
from workers.cli.offline.record import LeftOut
from workers.cli.offline.regions.coco import category_names, coco_in
from workers.cli.offline.regions.conll import looks_like_conll, read_conll
from workers.cli.offline.regions.data import (
    NO_SCORES,
    PERCENT,
    PIXELS,
    Region,
    RegionData,
    RegionItem,
    Remarks,
)
from workers.cli.offline.regions.pictures import ENDINGS
from workers.detect.predictions.region_rows import CORNERS, NESTED, SCORES, names_of, region_of, regions_in

TRIPLE = ("start", "end", "label")
PLACES = ("bbox", "box", "xyxy", "rotation", "start", "end", "start_offset", "end_offset")
SPELLED = (*NESTED, *SCORES, *PLACES, *(name for names in CORNERS for name in names))  # in cells of a table
NAMES = (*IDS, "image_id", "doc_id", "image", "file_name", "filename")
NO_SIZE = "picture whose size is not known: predictions in pixels cannot be held against its boxes"
NO_PIXELS = "picture whose size is not known: predictions in shares of it cannot be held against its boxes"


@dataclass(slots=True)
class _Reader:
    data: RegionData
    left_out: list[LeftOut]
    remarks: Remarks
    unread: set[str] = field(default_factory=set)  # items of which a region was left out


def with_predictions(data: RegionData, path: Path) -> RegionData:
    """The data with these predictions in place of the file's own.

    Raises
    ------
    BadFile
        If nothing in it is about an item of the file, none of it can be used, or it cannot be read.
    """
    reader = _Reader(data, [], Remarks())
    by_item = _of_folder(reader, path) if path.is_dir() else _of_file(reader, path)
    if not by_item:
        raise BadFile(
            "none of its predictions is about an item of the file",
            argument=ARGUMENT,
            remedy="Give the item's id, or the picture's file name, in 'id', 'image_id' or 'file_name'",
        )
    _require_one(by_item, reader.left_out)
    items = [_predicted(reader, item, by_item.get(item.id), in_shares=path.is_dir()) for item in data.items]
    return replace(
        data,
        items=tuple(items),
        left_out=(*data.left_out, *reader.left_out),
        notes=(*data.notes, *reader.remarks.sentences()),
    )


def _require_one(by_item: Mapping[str, Sequence[Region]], left_out: Sequence[LeftOut]) -> None:
    """BadFile where every region was left out: all would seem to be found by nobody."""
    if left_out and not any(by_item.values()):
        reasons = ", ".join(dict.fromkeys(one.reason.removeprefix("prediction: ") for one in left_out))
        raise BadFile(
            f"of its {number_of(len(left_out), 'region')} none can be used: {reasons}",
            argument=ARGUMENT,
            where=left_out[0].place.removeprefix(f"{ARGUMENT}, "),
            remedy="See the forms in docs/offline.md",
        )


def _predicted(
    reader: _Reader, item: RegionItem, result: list[Region] | None, *, in_shares: bool
) -> RegionItem:
    """The item with its predictions; without, where these cannot be held against its boxes."""
    unlike = item.size == PIXELS if in_shares else item.size is None
    if result and unlike and reader.data.kind is FileKind.BOXES:
        reader.left_out.append(LeftOut(item.place, NO_PIXELS if in_shares else NO_SIZE))
        return replace(item, predictions=None)
    if item.id in reader.unread and not result:  # the model found something, which nobody can read
        return replace(item, predictions=None)
    if result is None:
        reader.remarks.add(
            "item without a prediction: taken as one in which the model finds nothing", item.place
        )
    return replace(item, predictions=tuple(result or ()))


def _of_file(reader: _Reader, path: Path) -> dict[str, list[Region]]:
    source = load(path, argument=ARGUMENT)
    try:
        if reader.data.kind is FileKind.SPANS and looks_like_conll(source):
            return _of_sentences(reader, read_conll(text_of(source)[0]))
        value = coco_in(source, ARGUMENT) if reader.data.kind is FileKind.BOXES else None
        return _of_rows(reader, entries_of(source).rows) if value is None else _of_coco(reader, value)
    except BadFile as error:
        if error.argument == ARGUMENT:
            raise
        raise BadFile(
            error.problem,
            argument=ARGUMENT,
            where=error.where,
            remedy="Give a row an item with its 'id' and a list of 'predictions', or COCO's results",
        ) from error


def _of_coco(reader: _Reader, value: Mapping[str, Any]) -> dict[str, list[Region]]:
    """Results within COCO's object: its numbers mean its own pictures and categories."""
    files = {str(one.get("id")): one.get("file_name") for one in dicts(value["images"])}
    rows = []
    for n, one in enumerate(value["annotations"], start=1):
        if not isinstance(one, Mapping):
            reader.left_out.append(LeftOut(f"{ARGUMENT}, annotation {n}", "annotation that is no object"))
            continue
        name = files.get(str(one.get("image_id"))) or one.get("image_id")
        rows.append(FileEntry(f"annotation {n}", {**one, "id": None, "image_id": None, "file_name": name}))
    return _of_rows(reader, rows, category_names(value["categories"]))


def _of_rows(
    reader: _Reader, rows: Sequence[FileEntry], numbered: Mapping[str, str] | None = None
) -> dict[str, list[Region]]:
    names = _item_names(reader.data.items)
    by_place = {str(k): name for k, name in enumerate(reader.data.classes)}
    class_ids = numbered or reader.data.class_ids or by_place
    lengths = {item.id: len(item.text) for item in reader.data.items}
    in_text = reader.data.kind is FileKind.SPANS
    result: dict[str, list[Region]] = defaultdict(list)
    for entry in rows:
        item = _item_of(entry, names)
        if item is None:
            reader.remarks.add("prediction of an item that the file does not have", entry.place)
            continue
        result[item]  # a row without regions says that there are none
        for each in regions_in(_from_cells(entry.values)):
            one = dict(zip(TRIPLE, each, strict=True)) if in_text and _is_triple(each) else each
            region = region_of(one, class_ids, in_text=in_text, unscored=1.0)
            if not isinstance(region, str) and in_text and region.spot[1] > lengths[item]:
                region = "span beyond its text"
            if isinstance(region, str):
                reader.left_out.append(LeftOut(f"{ARGUMENT}, {entry.place}", f"prediction: {region}"))
                reader.unread.add(item)
                continue
            if not any(key in one for key in SCORES):
                reader.remarks.add(NO_SCORES, entry.place)
            result[item].append(Region(region.label, region.spot, None, region.score))
    return result


def _from_cells(values: Mapping[str, Any]) -> dict[str, Any]:
    """A row with the numbers and lists that its cells spell, where a table has nothing but text."""
    spelled = {key: values[key] for key in SPELLED if isinstance(values.get(key), str)}
    return {**values, **{key: _spelled(text) for key, text in spelled.items()}}


def _spelled(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _is_triple(value: Any) -> bool:
    """Whether it is [start, end, label], as doccano writes a span."""
    return isinstance(value, list) and len(value) == len(TRIPLE)


def _of_sentences(reader: _Reader, tagged: RegionData) -> dict[str, list[Region]]:
    """A tagger's sentences by their words; equal ones in their order."""
    waiting: dict[str, list[str]] = defaultdict(list)
    for item in reversed(reader.data.items):
        waiting[item.text].append(item.id)
    result: dict[str, list[Region]] = {}
    for sentence in tagged.items:
        if not waiting[sentence.text]:
            reader.remarks.add("prediction of a sentence that the file does not have", sentence.place)
            continue
        regions = [replace(one, id=None, score=1.0) for one in sentence.answers[0].regions]
        if regions:
            reader.remarks.add(NO_SCORES, sentence.place, len(regions))
        result[waiting[sentence.text].pop()] = regions
    return result


def _item_names(items: tuple[RegionItem, ...]) -> dict[str, str]:
    """What an item may be called: its id, its file, the file's name with and without its ending."""
    return names_of((item.id, item.name) for item in items) | {item.id: item.id for item in items}


def _item_of(entry: FileEntry, names: Mapping[str, str]) -> str | None:
    for key in NAMES:
        held = entry.values.get(key)
        if isinstance(held, str | int) and not isinstance(held, bool):
            path = PurePath(str(held))
            stem = path.stem if path.suffix.lower() in ENDINGS else ""
            name = names.get(str(held)) or names.get(path.name) or names.get(stem)
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
        known = len(reader.left_out)
        regions = list(boxes_of(file, sizes[item], names, reader.left_out, reader.remarks))
        if len(reader.left_out) > known:
            reader.unread.add(item)
        if any(region.score is None for region in regions):
            problem = "a line has no sixth number, which is the box's confidence"
            raise BadFile(
                problem, argument=ARGUMENT, where=file.name, remedy="Save predictions with save_conf=True"
            )
        result[item] = regions
    return result
