"""Regions as they are drawn: boxes over their picture, spans in their text. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from connector.model.region_keys import BOX_KEY, NOTHING, SPAN_KEY

MOST_REGIONS = 500
MOST_CHARS = 20_000  # of a text
MOST_NAMED = 2_000  # regions that are not drawn, in words
AROUND = 1_000  # characters on each side of a span that lies beyond these
USUAL_HEIGHT = 75.0  # of a picture whose size nobody tells, as of all: in hundredths of its width
MOST_HEIGHT = 1000.0

Marked = tuple[int, int, str]  # where a span starts and ends, and its label


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
    """Boxes over a picture of this `height` (its width is 100), or a text in stretches.

    `drawn` counts the regions that it shows; `left_out` are all others, in words with their place.
    """

    title: str
    boxes: Sequence[PageBox] = ()
    pieces: Sequence[PageStretch] = ()
    height: float = USUAL_HEIGHT
    drawn: int = 0
    left_out: Sequence[str] = ()

    @property
    def named(self) -> Sequence[str]:
        """As many of those left out as a page can list."""
        return self.left_out[:MOST_NAMED]


def drawn_result(title: str, text: str, result: Any) -> Drawing | None:
    """The regions of a result (`connector.platforms.results`); None where none of them can be drawn."""
    height, shown = _height_of(result), text[:MOST_CHARS]
    boxes: list[PageBox] = []
    spans: list[Marked] = []
    left_out: list[str] = []
    for value in _values(result):
        box, span = _box_of(value, height), _span_of(value, len(shown))
        if (box is None and span is None) or len(boxes) + len(spans) == MOST_REGIONS:
            left_out += [_in_words(value)] if _labels(value) else []
        elif box is not None:
            boxes.append(box)
        elif span is not None:
            spans.append(span)
    if not boxes and not spans:
        return None
    pieces = _stretches(shown, spans) if spans else ()
    return Drawing(title, boxes, pieces, height, len(boxes) + len(spans), left_out)


def drawn_label(title: str, text: str, label: str | None, result: Any) -> Drawing | None:
    """The regions of an annotation: spans by its label, which counts as the text does whatever the result."""
    lines = (label or "").split("\n")
    spans = [span for line in lines if (span := _span_key(line)) is not None]
    if len(spans) < len(lines) or not _marks_text(result):
        return drawn_result(title, text, result)
    shown, inside, left_out = text[:MOST_CHARS], list[Marked](), list[str]()
    for (start, end, named), line in sorted(zip(spans, lines, strict=True)):
        if start < end <= len(shown) and len(inside) < MOST_REGIONS:
            inside.append((start, end, named))
        else:
            left_out.append(line)
    return Drawing(title, (), _stretches(shown, inside), drawn=len(inside), left_out=left_out)


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
        return Drawing(title, boxes, height=_bounded(height * scale), drawn=len(boxes))
    span = _span_key(key)
    return None if span is None else _drawn_span(title, text, span, key)


def _drawn_span(title: str, text: str, span: Marked, key: str) -> Drawing:
    """A span in its text; in what is around it, where it lies beyond what is shown of a long one."""
    start, end, label = span
    if not start < end <= len(text):
        return Drawing(title, pieces=_stretches(text[:MOST_CHARS], ()), left_out=(key,))
    first, last = (0, MOST_CHARS) if end <= MOST_CHARS else (max(0, start - AROUND), end + AROUND)
    marks = [] if label == NOTHING else [(start - first, end - first, label)]
    pieces = _stretches(text[first:last], marks)
    before = [PageStretch("… ", "")] if first else []
    return Drawing(title, (), [*before, *pieces], drawn=len(marks))


def _span_key(line: str) -> Marked | None:
    known = SPAN_KEY.fullmatch(line)
    return None if known is None else (int(known["start"]), int(known["end"]), known["label"])


def _box_of(value: dict[str, Any], tall: float) -> PageBox | None:
    numbers = [value.get(name) for name in ("x", "y", "width", "height")]
    if not all(isinstance(n, int | float) and not isinstance(n, bool) and n == n for n in numbers):
        return None
    x, y, width, height = (min(max(float(n), 0.0), 100.0) for n in numbers if n is not None)
    rotation = value.get("rotation", 0)
    turned = float(rotation) if isinstance(rotation, int | float) else 0.0
    return PageBox(x, y * tall / 100, width, height * tall / 100, _labels(value), turned)


def _span_of(value: dict[str, Any], length: int) -> Marked | None:
    start, end = value.get("start"), value.get("end")
    if isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= length:
        return start, end, _labels(value)
    return None


def _in_words(value: dict[str, Any]) -> str:
    """A region that is not drawn: its label and the numbers of its place."""
    units = {"x": " %", "y": " %", "width": " %", "height": " %", "start": "", "end": ""}
    known = {name: value[name] for name in units if isinstance(value.get(name), int | float)}
    place = [f"{name} {number:.6g}{units[name]}" for name, number in known.items()]
    return f"{_labels(value)} ({', '.join(place) or 'of another shape'})"


def _stretches(text: str, spans: Sequence[Marked]) -> list[PageStretch]:
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
