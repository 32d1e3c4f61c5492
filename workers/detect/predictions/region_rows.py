"""Boxes and spans of a model in rows of a file: COCO's results, or rows with lists of regions."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from connector.platforms.results import finite
from workers.detect.predictions.region_values import (
    LABEL_KEYS,
    Spot,
    box_from_corner,
    box_from_corners,
    labels_of,
    whole_offsets,
)

NESTED = ("predictions", "boxes", "spans", "entities", "ents", "regions", "objects", "detections")
UPLOADED = re.compile(r"^[0-9a-f]{8}(-|__)")  # before the name of a file that Label Studio holds
SCORES = ("score", "confidence", "probability", "prob")
CORNERS = (("x1", "y1", "x2", "y2"), ("xmin", "ymin", "xmax", "ymax"))
COLUMNS = (("boxes", "bboxes"), ("labels", "label"), ("scores", "score"))  # lists side by side
UNGROUPED = "token of a pipeline, not a span: run it with aggregation_strategy='simple'"
NO_LABEL = "region without a label that the file's categories know"


@dataclass(frozen=True, slots=True)
class PredictedRegion:
    """What a model sees: x1, y1, x2, y2 in pixels and the rotation, or start and end; `score` is 0..1."""

    label: str
    spot: Spot
    score: float


def names_of(files: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Name → item, of (item, file): its path, its name with and without its ending, and what uploads add.

    A name that several items share stands for none of them.
    """
    owners: dict[str, set[str]] = defaultdict(set)
    for item, file in files:
        for path in (PurePath(file), PurePath(UPLOADED.sub("", PurePath(file).name))):
            for name in {str(path), path.name, path.stem} - {"", "."}:
                owners[name].add(item)
        if file:
            owners[file].add(item)
    return {name: next(iter(items)) for name, items in owners.items() if len(items) == 1}


def regions_in(values: Mapping[str, Any]) -> Iterator[Any]:
    """The regions of a row: those of its list, of its lists side by side, or the row itself."""
    columns = _columns(values)
    if columns is not None:
        yield from columns
        return
    nested = next((values[key] for key in NESTED if isinstance(values.get(key), list)), None)
    if nested is None:
        yield values
    else:
        yield from nested


def is_region(values: Mapping[str, Any]) -> bool:
    """Whether a row is one region itself: it has a score and no list of regions."""
    return any(key in values for key in SCORES) and not any(
        isinstance(values.get(key), list) for key in NESTED
    )


def _columns(values: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Boxes (two corners), labels and scores in lists side by side, as detectors of torchvision give them."""
    boxes, labels, scores = (
        next((values[key] for key in keys if isinstance(values.get(key), list)), None) for keys in COLUMNS
    )
    if boxes is None or labels is None or scores is None or not len(boxes) == len(labels) == len(scores):
        return None
    return [
        {"box": box, "label": label, "score": score}
        for box, label, score in zip(boxes, labels, scores, strict=True)
    ]


def region_of(
    one: Any, class_ids: Mapping[str, str], *, in_text: bool, unscored: float | None = None
) -> PredictedRegion | str:
    """A region, or why it is none.

    Parameters
    ----------
    class_ids
        The names of classes that stand as numbers.
    unscored
        The score of a region that has none at all; None where it must have one.
    """
    if not isinstance(one, Mapping):
        return "region that is no object"
    if "entity" in one and "entity_group" not in one:
        return UNGROUPED
    label = _label(one, class_ids)
    named = [one[key] for key in SCORES if one.get(key) is not None]
    score = finite(named[0]) if named else unscored
    if label is None:
        return NO_LABEL
    if score is None or not 0 <= score <= 1:
        return "region without a score from 0 to 1"
    spot = _span(one) if in_text else _box(one)
    return spot if isinstance(spot, str) else PredictedRegion(label, spot, score)


def _label(one: Mapping[str, Any], class_ids: Mapping[str, str]) -> str | None:
    if "category_id" in one:
        return class_ids.get(str(one["category_id"]))
    label = next(iter(labels_of(one)), None)
    number = next((one[key] for key in LABEL_KEYS if key in one), None)
    is_number = isinstance(number, int) and not isinstance(number, bool)
    is_name = str(number) in class_ids.values()
    return class_ids.get(str(number), label) if is_number and not is_name else label


def _box(one: Mapping[str, Any]) -> Spot | str:
    if "bbox" in one:
        return box_from_corner(_listed(one["bbox"]))
    for key in ("box", "xyxy"):
        if isinstance(one.get(key), Mapping):
            return _corners(one[key])
        if key in one:
            return box_from_corners(_listed(one[key]))
    return _corners(one)


def _corners(one: Mapping[str, Any]) -> Spot | str:
    names = next((each for each in CORNERS if each[0] in one), CORNERS[0])
    held = [one.get(name) for name in names]
    return box_from_corners([*held, *([one["rotation"]] if one.get("rotation") is not None else [])])


def _span(one: Mapping[str, Any]) -> Spot | str:
    return whole_offsets(one.get("start", one.get("start_offset")), one.get("end", one.get("end_offset")))


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, list | tuple) else value
