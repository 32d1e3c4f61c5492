"""Agreed answers as tasks that Label Studio imports: one annotation each, with its quality in `meta`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from connector.platforms.results import dicts
from workers.cli.offline.agreed.shapes import AgreedItem, FileAgreement
from workers.cli.offline.fields import flattened
from workers.cli.offline.formats.entries import FileEntry
from workers.cli.offline.kinds import FileKind
from workers.cli.offline.label_studio import tasks_of
from workers.cli.offline.labels import PATH
from workers.cli.offline.regions.texts import object_in
from workers.label_types.spans.objects import SpanObject
from workers.label_types.spans.value import Span

Raw = dict[str, Any]
MARK = "secondlook"  # the key in `meta` under which quality stands
KEPT = ("data", "meta", "predictions")  # of a task
VALUE_KEYS = {"pairwise": "selected"}
LIST_KINDS = ("choices", "taxonomy")


class NotShown(Exception):
    """A region cannot be written in this form: `str()` says why."""


def label_studio_tasks(rows: Sequence[FileEntry], agreement: FileAgreement) -> tuple[list[Raw], list[str]]:
    """The tasks in their order, and what could not be written, in words.

    A task without an agreed answer keeps its data and has no annotation: it can be asked again.
    """
    tasks, _ = tasks_of(rows)
    pattern = _pattern([task for _, task in tasks], agreement.label_name)
    by_task: dict[str, list[AgreedItem]] = defaultdict(list)
    for item in agreement.items:
        by_task[item.place.split(", picture ")[0]].append(item)
    raws: list[Raw] = []
    problems: list[str] = []
    for place, task in tasks:
        identity = str(task.get("id", place))
        items = by_task.get(f"task {identity}") or by_task.get(f"task {identity} ({place})") or []
        try:
            raws.append(_task(task, items, agreement, pattern))
        except NotShown as error:
            problems.append(f"task {identity}: {error}")
            raws.append(_task(task, [], agreement, pattern))
    return raws, problems


def _task(
    task: Mapping[str, Any], items: Sequence[AgreedItem], agreement: FileAgreement, pattern: Raw
) -> Raw:
    raw: Raw = {key: task[key] for key in KEPT if task.get(key)}
    agreed = [item for item in items if item.open_ is None]
    reasons = sorted({str(item.open_) for item in items if item.open_ is not None})
    about = {"status": "agreed" if agreed and not reasons else "open"}
    if not agreed or reasons:
        about["reason"] = ", ".join(reasons) or "not judged"
        return raw | {"meta": {**raw.get("meta", {}), MARK: about}, "annotations": []}
    result = [region for item in agreed for region in _result(task, item, agreement, pattern)]
    for number, region in enumerate(result, start=1):
        region["id"] = f"agreed{number}"
    about |= _about(agreed)
    return raw | {
        "meta": {**raw.get("meta", {}), MARK: about},
        "annotations": [{"result": result, "was_cancelled": False, "ground_truth": False}],
    }


def _about(items: Sequence[AgreedItem]) -> Raw:
    known = [item.quality for item in items if item.quality is not None]
    return {
        "quality": round(min(known), 4) if known else None,
        "answers": max(item.answers for item in items),
        "agreed_by": sorted({name for item in items for name in item.agreed_by}),
    }


def _pattern(tasks: Sequence[Mapping[str, Any]], control: str) -> Raw:
    """What each result of the control says besides its value."""
    for task in tasks:
        for region in _regions(task, control):
            return {key: region.get(key) for key in ("from_name", "to_name", "type")}
    return {"from_name": control, "to_name": "item", "type": "choices"}


def _regions(task: Mapping[str, Any], control: str) -> list[Raw]:
    return [
        region
        for annotation in dicts(task.get("annotations"))
        for region in dicts(annotation.get("result"))
        if region.get("from_name") == control
    ]


def _result(task: Mapping[str, Any], item: AgreedItem, agreement: FileAgreement, pattern: Raw) -> list[Raw]:
    if agreement.kind is FileKind.BOXES:
        page = item.place.rpartition(", picture ")[2] if ", picture " in item.place else None
        return [_box(region, item, pattern, page) for region in item.label]
    if agreement.kind is FileKind.SPANS:
        return [_span(task, region, agreement.label_name, pattern) for region in item.label]
    kind = str(pattern["type"]).lower()
    value: Any = item.label
    if kind in LIST_KINDS:
        names = value if isinstance(value, list) else [value]
        value = [name.split(PATH) for name in names] if kind == "taxonomy" else names
        if not names:
            return []
    return [dict(pattern) | {"value": {VALUE_KEYS.get(kind, kind): value}}]


def _box(region: Mapping[str, Any], item: AgreedItem, pattern: Raw, page: str | None) -> Raw:
    """Pixels as percent again."""
    x1, y1, x2, y2, rotation = region["box"]
    size = item.data.get("size")
    width, height = size if isinstance(size, list) else (100.0, 100.0)
    value = {
        "x": 100 * x1 / width,
        "y": 100 * y1 / height,
        "width": 100 * (x2 - x1) / width,
        "height": 100 * (y2 - y1) / height,
        "rotation": rotation,
        str(pattern["type"]).lower(): [region["label"]],
    }
    result = dict(pattern) | {"value": value, "meta": {MARK: _of_region(region)}}
    if isinstance(size, list):
        result |= {"original_width": int(width), "original_height": int(height), "image_rotation": 0}
    return result if page is None else result | {"item_index": int(page) - 1}


def _span(task: Mapping[str, Any], region: Mapping[str, Any], control: str, pattern: Raw) -> Raw:
    """In the units of what it lies in."""
    key = str(pattern["type"]).lower()
    html = key == "hypertextlabels" or any(
        "globalOffsets" in (one.get("value") or {}) for one in _regions(task, control)
    )
    spot = Span(region["start"], region["end"], region["text"])
    value = {**_object_with(task, spot, html=html).value(spot), key: [region["label"]]}
    return dict(pattern) | {"value": value, "meta": {MARK: _of_region(region)}}


def _object_with(task: Mapping[str, Any], spot: Span, *, html: bool) -> SpanObject:
    """What of a task's data has these words at this place."""
    for held in flattened(task["data"]).values():
        result = object_in(held, html=html)
        if result is not None and (result.text or "")[spot.start : spot.end] == spot.words:
            return result
    raise NotShown(f"no field has {spot.words!r} at characters {spot.start} to {spot.end}")


def _of_region(region: Mapping[str, Any]) -> Raw:
    keys = ("support", "label_share", "closeness", "tied", "agreed_by")
    return {key: region[key] for key in keys if key in region}
