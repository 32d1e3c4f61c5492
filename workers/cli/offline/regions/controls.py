"""Which controls of Label Studio label boxes or spans, and which of them is judged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.platforms.results import dicts
from workers.cli.offline.dataset import Columns
from workers.cli.offline.errors import BadFile
from workers.cli.offline.formats.entries import FileEntries
from workers.cli.offline.kinds import REGIONS, FileKind
from workers.cli.offline.label_studio import JUDGED, controls_of, tasks_of

BOX_TYPES = frozenset({"rectanglelabels", "labels"})
SPAN_TYPES = frozenset({"labels", "hypertextlabels", "paragraphlabels"})
BOX_KEYS = frozenset({"x", "y", "width", "height"})

Raw = Mapping[str, Any]


def region_kind(region: Raw) -> FileKind | None:
    """What a result labels; None for anything that is no box and no span of text."""
    value, kind = region.get("value"), str(region.get("type")).lower()
    if not isinstance(value, Mapping) or "points" in value or "rle" in value or "sequence" in value:
        return None
    if kind in BOX_TYPES and set(value) >= BOX_KEYS:
        return FileKind.BOXES
    is_sound = "channel" in value or "original_length" in region
    has_place = {"start", "end"} <= set(value) or "globalOffsets" in value
    return FileKind.SPANS if kind in SPAN_TYPES and has_place and not is_sound else None


def region_controls(entries: FileEntries) -> dict[str, FileKind]:
    """The controls that label boxes or spans of text, with which of them."""
    result: dict[str, FileKind] = {}
    for _, task in tasks_of(entries.rows)[0]:
        for annotation in (*dicts(task.get("annotations")), *dicts(task.get("predictions"))):
            for region in dicts(annotation.get("result")):
                kind = region_kind(region)
                if kind is not None:
                    result.setdefault(str(region.get("from_name")), kind)
    return result


def chosen_control(entries: FileEntries, columns: Columns) -> tuple[str, FileKind] | None:
    """The control of regions to judge; None where labels of whole items are what the file is about."""
    if columns.kind is not None and columns.kind not in REGIONS:
        return None
    result = region_controls(entries)
    if columns.label is not None:
        return (columns.label, result[columns.label]) if columns.label in result else None
    fitting = {name: kind for name, kind in result.items() if columns.kind in (None, kind)}
    if columns.kind is None and (not fitting or _labels_items(entries)):
        return None
    if len(fitting) == 1:
        return next(iter(fitting.items()))
    names = ", ".join(f"'{name}' ({kind})" for name, kind in (fitting or result).items()) or "none"
    problem = "several controls label regions" if fitting else f"no control labels {columns.kind}"
    raise BadFile(f"{problem}: {names}", argument="--label-column", remedy="Name one with --label-column")


def _labels_items(entries: FileEntries) -> bool:
    controls = controls_of([task for _, task in tasks_of(entries.rows)[0]])
    return any(one.kind in JUDGED and not one.of_parts for one in controls)
