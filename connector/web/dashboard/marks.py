"""Regions of an annotation as they are drawn: boxes in percent of the picture, spans of a text. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

MOST_REGIONS = 500


@dataclass(frozen=True, slots=True)
class PageBox:
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


def boxes(result: Any) -> list[PageBox]:
    """The boxes of a result (`connector.platforms.results`); what is not the shape of one is left out."""
    found = []
    for value in _values(result):
        numbers = [value.get(name) for name in ("x", "y", "width", "height")]
        if all(isinstance(n, int | float) and not isinstance(n, bool) and n == n for n in numbers):
            x, y, width, height = (min(max(float(n), 0.0), 100.0) for n in numbers if n is not None)
            rotation = value.get("rotation", 0)
            turned = float(rotation) if isinstance(rotation, int | float) else 0.0
            found.append(PageBox(x, y, width, height, _labels(value), turned))
    return found[:MOST_REGIONS]


def pieces(text: str, result: Any) -> list[PageStretch]:
    """The text in stretches between the ends of its spans; one stretch where it has none."""
    spans = []
    for value in _values(result):
        start, end = value.get("start"), value.get("end")
        if isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= len(text):
            spans.append((start, end, _labels(value)))
    cuts = sorted({0, len(text), *(at for start, end, _ in spans[:MOST_REGIONS] for at in (start, end))})
    return [
        PageStretch(text[a:b], ", ".join(sorted({label for s, e, label in spans if s <= a and b <= e})))
        for a, b in pairwise(cuts)
    ]


def _values(result: Any) -> list[dict[str, Any]]:
    rows: Sequence[Any] = result if isinstance(result, list) else []
    found = [row.get("value") for row in rows if isinstance(row, dict)]
    return [value for value in found if isinstance(value, dict)]


def _labels(value: dict[str, Any]) -> str:
    for name, held in value.items():
        if name.endswith("labels") and isinstance(held, list):
            return ", ".join(map(str, held))
    return ""
