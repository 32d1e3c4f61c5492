"""Whether a model's regions are about the given ones at all: their items, their units, their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil
from typing import Any

import numpy as np

from workers.issues.boxes.pairs import box_pairs
from workers.issues.boxes.reading import read_boxes
from workers.issues.spans.findings import touching
from workers.issues.spans.table import SpanTable

STANDS_ON = 0.5  # overlap from which a predicted box is on a given one
LEAST_GIVEN = 20  # regions from which a share says something
LEAST_FIT = 0.05  # share below which not a weak model but another item, unit or name is the cause
MOSTLY = 0.5
MOST_PICTURES = 1000  # looked at, evenly spread


class Misfit(StrEnum):
    """What does not fit, in the order in which it is asked."""

    PLACES = "places"  # hardly any prediction is at a given region
    LABELS = "labels"  # those that are name another label
    ENDS = "ends"  # spans of the same label, and never with the same ends


FitFigure = tuple[Misfit, int, int]  # what fits how many of how many


@dataclass(frozen=True, slots=True)
class RegionFit:
    """Of the `given` regions of items with predictions: how many a prediction has `met`, how many of these
    with the same label (`alike`), and how many of these with the same ends (`exact`; of boxes all)."""

    given: int
    met: int
    alike: int
    exact: int

    @property
    def misfit(self) -> FitFigure | None:
        """What does not fit, with how many do of how many; None where all does, or too few say so."""
        return self._below(LEAST_FIT)

    @property
    def doubt(self) -> FitFigure | None:
        """What fits less often than not, and may be a weak model's; None also for a misfit."""
        return None if self.misfit is not None else self._below(MOSTLY)

    def _below(self, share: float) -> FitFigure | None:
        steps = ((Misfit.PLACES, self.met, self.given), (Misfit.LABELS, self.alike, self.met))
        for what, n, total in (*steps, (Misfit.ENDS, self.exact, self.alike)):
            if total < LEAST_GIVEN:
                return None
            if n < share * total:
                return what, n, total
        return None


def box_fit(labels: Sequence[Mapping[str, Any]], predictions: Sequence[Sequence[Any]]) -> RegionFit:
    """How far predicted boxes are about the given ones; arguments and errors as `box_issues`."""
    both = [
        (given, tables)
        for given, tables in zip(labels, predictions, strict=True)
        if len(given["labels"]) and any(map(len, tables))
    ]
    chosen = both[:: max(1, ceil(len(both) / MOST_PICTURES))]
    given, predicted, _ = read_boxes([one for one, _ in chosen], [tables for _, tables in chosen])
    met, alike = (np.zeros(len(given), dtype=bool) for _ in range(2))
    for pairs in box_pairs(given, predicted):
        stands = pairs.iou >= STANDS_ON
        left, right = pairs.left[stands], pairs.right[stands]
        met[left] = True
        alike[left[given.label[left] == predicted.label[right]]] = True
    n_alike = int(alike.sum())
    return RegionFit(len(given), int(met.sum()), n_alike, n_alike)


def span_fit(given: SpanTable, predicted: SpanTable) -> RegionFit:
    """How far predicted spans are about the given ones of the same texts."""
    known = np.isin(given.text, predicted.text)
    left, right, shared = touching(given, predicted)
    same = given.label[left] == predicted.label[right]
    met, alike, exact = (
        int(np.unique(left[rows]).size) for rows in (slice(None), same, same & (shared == 1))
    )
    return RegionFit(int(known.sum()), met, alike, exact)
