"""What a page shows of a region: its place in the picture, or in a piece of the text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from workers.cli.offline.regions.data import PERCENT, Region, RegionItem
from workers.issues.geometry import as_boxes, corners

AROUND = 160  # characters about a span
MOST_AROUND = 60  # other boxes that are drawn
MOST_URI_CHARS = 400_000


@dataclass(frozen=True, slots=True)
class DrawnBox:
    points: str  # of the polygon, in pixels
    role: str  # given, suggested or around
    title: str


@dataclass(frozen=True, slots=True)
class PictureView:
    width: float
    height: float
    boxes: tuple[DrawnBox, ...]
    image: str | None


@dataclass(frozen=True, slots=True)
class TextPiece:
    text: str
    role: str | None


@dataclass(frozen=True, slots=True)
class TextView:
    pieces: tuple[TextPiece, ...]


def picture_view(
    item: RegionItem, around: Sequence[Region], given: Region | None, suggested: Region | None
) -> PictureView:
    """The boxes of an item, the doubtful one and what is suggested for it."""
    others = [region for region in around if region is not given][:MOST_AROUND]
    drawn = [_drawn(region, "around") for region in others]
    drawn += [_drawn(region, role) for region, role in ((given, "given"), (suggested, "suggested")) if region]
    width, height = item.size or PERCENT
    if (width, height) == (1.0, 1.0):  # the file does not say how large the picture is
        spots = np.array([region.spot for region in (*around, given, suggested) if region is not None])
        width, height = (float(side) for side in spots[:, 2:4].max(axis=0))
    image = item.image if item.image is not None and len(item.image) <= MOST_URI_CHARS else None
    return PictureView(round(width, 1), round(height, 1), tuple(drawn), image)


def text_view(text: str, given: tuple[int, int] | None, suggested: tuple[int, int] | None) -> TextView:
    """A piece of the text with what is marked, and what would be."""
    spans = [span for span in (given, suggested) if span is not None]
    first = max(0, min(start for start, _ in spans) - AROUND)
    last = min(len(text), max(end for _, end in spans) + AROUND)
    cuts = sorted({first, last, *(min(max(at, first), last) for span in spans for at in span)})
    pieces = [TextPiece("…", None)] if first else []
    pieces += [TextPiece(text[start:end], _role(start, given, suggested)) for start, end in pairwise(cuts)]
    return TextView((*pieces, *([TextPiece("…", None)] if last < len(text) else [])))


def _drawn(region: Region, role: str) -> DrawnBox:
    points = corners(as_boxes([region.spot]))[0]
    title = region.label if region.score is None else f"{region.label} {region.score:.0%}"
    return DrawnBox(" ".join(f"{x:.1f},{y:.1f}" for x, y in points.tolist()), role, title)


def _role(at: int, given: tuple[int, int] | None, suggested: tuple[int, int] | None) -> str | None:
    here = given is not None and given[0] <= at < given[1]
    there = suggested is not None and suggested[0] <= at < suggested[1]
    if here and there:
        return "both"
    return "given" if here else "suggested" if there else None
