"""Regions as they are drawn: boxes over their picture, spans in their text. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from connector.model.region_keys import BOX_KEY, NOTHING, SPAN_KEY

MOST_REGIONS = 500
USUAL_HEIGHT = 75.0  # of a picture whose size nobody tells, as of all: in hundredths of its width
MOST_HEIGHT = 1000.0


@dataclass(frozen=True, slots=True)
class PageBox:
    """A box in hundredths of the picture's width, both ways."""

    x: float
    y: float
    width: float
    height: float
    labels: str
    rotation: float = 0.0


@dataclass(frozen=True, slots=True)
class PageStretch:
    """A stretch of a text; `labels` are those of the spans that cover it."""

    text: str
    labels: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """Boxes over a picture of this `height` (its width is 100), or a text in stretches."""

    title: str
    boxes: Sequence[PageBox] = ()
    pieces: Sequence[PageStretch] = ()
    height: float = USUAL_HEIGHT


def drawn_result(title: str, text: str, result: Any) -> Drawing | None:
    """The regions of a result (`connector.platforms.results`); None where it has none."""
    height = _height_of(result)
    boxes, pieces = result_boxes(result, height), result_pieces(text, result)
    if not boxes and not any(piece.labels for piece in pieces):
        return None
    return Drawing(title, boxes, pieces if any(piece.labels for piece in pieces) else (), height)


def drawn_label(title: str, text: str, label: str | None, result: Any) -> Drawing | None:
    """The regions of an annotation: spans by its label, which counts as the text does whatever the result."""
    known = [SPAN_KEY.fullmatch(line) for line in (label or "").split("\n")]
    spans = [(int(one["start"]), int(one["end"]), one["label"]) for one in known if one is not None]
    if len(spans) < len(known) or not _marks_text(result):
        return drawn_result(title, text, result)
    inside = [each for each in spans if each[0] < each[1] <= len(text)][:MOST_REGIONS]
    return Drawing(title, pieces=_stretches(text, inside)) if inside else None


def drawn_key(title: str, text: str, key: str) -> Drawing | None:
    """One region by its key, as issues and corrections name it; None for a label that is no region."""
    box = BOX_KEY.fullmatch(key)
    if box is not None:
        x, y, w, h, turned, width, height = (
            float(box[name] or 0) for name in ("x", "y", "w", "h", "r", "width", "height")
        )
        if width <= 0 or height <= 0:
            return None
        scale = 100 / width
        place = (x * scale, y * scale, w * scale, h * scale)
        boxes = () if box["label"] == NOTHING else (PageBox(*place, box["label"], turned),)
        return Drawing(title, boxes, height=_bounded(height * scale))
    span = SPAN_KEY.fullmatch(key)
    if span is None:
        return None
    start, end = int(span["start"]), int(span["end"])
    marks = [] if span["label"] == NOTHING else [(start, end, span["label"])]
    return Drawing(title, pieces=_stretches(text, [each for each in marks if start < end <= len(text)]))


def result_boxes(result: Any, tall: float = USUAL_HEIGHT) -> list[PageBox]:
    """The boxes of a result; what is not the shape of one is left out."""
    known = []
    for value in _values(result):
        numbers = [value.get(name) for name in ("x", "y", "width", "height")]
        if all(isinstance(n, int | float) and not isinstance(n, bool) and n == n for n in numbers):
            x, y, width, height = (min(max(float(n), 0.0), 100.0) for n in numbers if n is not None)
            rotation = value.get("rotation", 0)
            turned = float(rotation) if isinstance(rotation, int | float) else 0.0
            down = tall / 100
            known.append(PageBox(x, y * down, width, height * down, _labels(value), turned))
    return known[:MOST_REGIONS]


def result_pieces(text: str, result: Any) -> list[PageStretch]:
    """The text in stretches between the ends of its spans; one stretch where it has none."""
    spans = []
    for value in _values(result):
        start, end = value.get("start"), value.get("end")
        if isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= len(text):
            spans.append((start, end, _labels(value)))
    return _stretches(text, spans[:MOST_REGIONS])


def _stretches(text: str, spans: Sequence[tuple[int, int, str]]) -> list[PageStretch]:
    cuts = sorted({0, len(text), *(at for start, end, _ in spans for at in (start, end))})
    return [
        PageStretch(text[a:b], ", ".join(sorted({label for s, e, label in spans if s <= a and b <= e})))
        for a, b in pairwise(cuts)
    ]


def _marks_text(result: Any) -> bool:
    rows = [row for row in (result if isinstance(result, list) else []) if isinstance(row, dict)]
    return any(_labels(value) for value in _values(rows)) or any("label" in row for row in rows)


def _height_of(result: Any) -> float:
    """How tall the picture is, in hundredths of its width, where one of its regions tells."""
    for row in result if isinstance(result, list) else []:
        sides = (row.get("original_height"), row.get("original_width")) if isinstance(row, dict) else ()
        size = [float(n) for n in sides if isinstance(n, int | float) and n > 0]
        if len(size) == 2:
            return _bounded(100 * size[0] / size[1])
    return USUAL_HEIGHT


def _bounded(height: float) -> float:
    return min(max(height, 1.0), MOST_HEIGHT)


def _values(result: Any) -> list[dict[str, Any]]:
    rows: Sequence[Any] = result if isinstance(result, list) else []
    known = [row.get("value") for row in rows if isinstance(row, dict)]
    return [value for value in known if isinstance(value, dict)]


def _labels(value: dict[str, Any]) -> str:
    for name, held in value.items():
        if name.endswith("labels") and isinstance(held, list):
            return ", ".join(map(str, held))
    return ""
