"""The map of a project's items, similar ones beside each other: what a worker draws and the pages show.

Points stand in an order that tells nothing, so that the first of them are a random part of all. Each layer
has a byte for each point: 0 where there is nothing to show, else the place of its name plus 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any, Self

from connector.model.platform import Json

ABOUT = "map/about"
POINTS = "map/points"  # x and y of each, two bytes each, the low one first
ITEMS = "map/items"  # our id of each item, eight bytes, the low one first
VECTORS = "map/vectors"  # of a scan, until the map of it is drawn
MOST_POINTS = 2_000_000
MOST_NAMES = 254  # of a layer; what is rarer is OTHERS
OTHERS = "others"
MOST_CHOSEN = 500  # points that one address names


class MapMethod(StrEnum):
    """How the coordinates came to be."""

    OWN = "own"  # two fields of the items
    PCA = "pca"
    TSNE = "tsne"


class MapLayer(StrEnum):
    GIVEN = "given"
    VERDICT = "verdict"
    ANNOTATOR = "annotator"
    TIME = "time"
    DOUBT = "doubt"  # shown to operators alone: it follows from the model's word on open questions


SEEN_BY_ALL = (MapLayer.GIVEN, MapLayer.VERDICT, MapLayer.ANNOTATOR, MapLayer.TIME)
VERDICTS = ("in review or open", "held back", "accepted", "rejected", "unresolved")
DOUBTS = tuple(f"{n / MOST_NAMES:.2f}" for n in range(1, MOST_NAMES + 1))


def layer_blob(layer: MapLayer, *, secrets: bool) -> str:
    """Where a layer is kept: of all, or of what those see who may not see open questions."""
    return f"map/{layer.value}" if secrets else f"map/{layer.value}/seen"


@dataclass(frozen=True, slots=True)
class MapCell:
    """One of the densest places: how many items, their usual label, and which points are asked about."""

    n: int
    label: str | None
    asked: int
    points: Sequence[int]  # at most MOST_CHOSEN of those asked about


@dataclass(frozen=True, slots=True)
class MapAbout:
    """Layers and cells are as operators see them, `..._seen` as others do; `left_out` items have no place."""

    scan: str
    at: str
    method: MapMethod
    n: int
    left_out: int
    layers: Mapping[str, Sequence[str]]
    layers_seen: Mapping[str, Sequence[str]]
    cells: Sequence[MapCell] = ()
    cells_seen: Sequence[MapCell] = ()

    @property
    def version(self) -> str:
        """In the names of points: those of an earlier map mean others."""
        return sha256(f"{self.scan} {self.at}".encode()).hexdigest()[:12]

    def to_json(self) -> Json:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Json) -> Self:
        values: dict[str, Any] = dict(stored)
        for name in ("cells", "cells_seen"):
            values[name] = [MapCell(**each) for each in stored[name]]
        return cls(**values | {"method": MapMethod(stored["method"])})


def chosen_text(version: str, points: Sequence[int]) -> str:
    """Points as one address names them: rising, each by how far it is from the one before, to base 36."""
    rising = sorted(set(points))[:MOST_CHOSEN]
    steps = [b - a for a, b in zip([0, *rising], rising, strict=False)]
    return ".".join([version, *map(_base36, steps)])


def chosen_points(text: str) -> tuple[str, list[int]]:
    """Version and points of such a text; ValueError for another."""
    version, *steps = text.split(".")
    well = all(step.isalnum() and step.isascii() and len(step) < 8 for step in steps)
    if len(steps) > MOST_CHOSEN or not well:
        msg = "these are no points of a map"
        raise ValueError(msg)
    points, at = [], 0
    for step in steps:
        at += int(step, 36)
        points.append(at)
    return version, points


def _base36(n: int) -> str:
    digits = ""
    while True:
        n, rest = divmod(n, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[rest] + digits
        if not n:
            return digits
