"""What may be wrong with a box, and how it is reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from workers.issues.arrays import Mask
from workers.issues.boxes.reading import BoxTable
from workers.issues.geometry.boxes import COLUMNS, Boxes
from workers.issues.pooling import starts_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NO_BOX = -1
NO_LABEL = -1


class BoxKind(StrEnum):
    """In the order in which equal findings are listed."""

    OVERLOOKED = "overlooked"
    BADLY_LOCATED = "badly_located"
    SWAPPED = "swapped"
    SPURIOUS = "spurious"


KINDS = tuple(BoxKind)


@dataclass(frozen=True, slots=True)
class BoxFindings:
    """One entry a suspicious box, the most suspicious first.

    `kind` (F,) is the place in `KINDS`, `image` (F,) the picture, `given` and `predicted` (F,) the places
    of the boxes in it (predictions counted class after class) or -1, `label` (F,) and `box` (F, 5) what
    the model would have there, -1 and NaN for nothing, and `score` (F,) is 0..1, 1 the most suspicious.
    """

    kind: NDArray[np.int8]
    image: Ints
    given: Ints
    predicted: Ints
    label: Ints
    box: Boxes
    score: Floats

    def __len__(self) -> int:
        return len(self.kind)

    def of(self, kind: BoxKind) -> BoxFindings:
        """Those of one kind."""
        return self.where(self.kind == KINDS.index(kind))

    def where(self, rows: Mask | Ints) -> BoxFindings:
        """Those that a mask or list of places names."""
        return BoxFindings(*(getattr(self, name)[rows] for name in self.__slots__))


def findings_at_given(
    kind: BoxKind, given: BoxTable, rows: Ints, predicted: BoxTable, partner: Ints, score: Floats
) -> BoxFindings:
    """Findings on given boxes; `partner` is the row of the prediction that speaks against each, or -1.

    A swapped box keeps its place and a badly located one its class.
    """
    known = partner != NO_BOX
    label = np.full(len(rows), NO_LABEL)
    label[known] = predicted.label[partner[known]]
    box = np.full((len(rows), COLUMNS), np.nan)
    box[known] = (predicted.boxes[partner] if kind is BoxKind.BADLY_LOCATED else given.boxes[rows])[known]
    place = np.full(len(rows), NO_BOX)
    place[known] = predicted.place[partner[known]]
    return BoxFindings(_kinds(kind, rows), given.image[rows], given.place[rows], place, label, box, score)


def findings_at_predicted(predicted: BoxTable, rows: Ints, score: Floats) -> BoxFindings:
    """Overlooked objects: predictions where nothing is given."""
    return BoxFindings(
        _kinds(BoxKind.OVERLOOKED, rows),
        predicted.image[rows],
        np.full(len(rows), NO_BOX),
        predicted.place[rows],
        predicted.label[rows],
        predicted.boxes[rows],
        score,
    )


def ordered(parts: Sequence[BoxFindings], predicted: BoxTable) -> BoxFindings:
    """All of them, by falling score; equal scores by the model's own probability, then as they come."""
    whole = BoxFindings(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in BoxFindings.__slots__)
    )
    strength = np.zeros(len(whole))
    known = whole.predicted != NO_BOX
    row = starts_of(predicted.sizes)[whole.image[known]] + whole.predicted[known]
    strength[known] = predicted.probability[row]
    return whole.where(np.lexsort((-strength, -whole.score)))


def _kinds(kind: BoxKind, rows: Ints) -> NDArray[np.int8]:
    return np.full(len(rows), KINDS.index(kind), dtype=np.int8)
