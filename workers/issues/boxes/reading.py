"""Boxes of many pictures in flat arrays, read from lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.issues.arrays import Counts, listed
from workers.issues.geometry.boxes import COLUMNS, REMEDY, Boxes, first_impossible
from workers.issues.pooling import starts_of
from workers.issues.validation import SLACK, InvalidInput

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class BoxTable:
    """The boxes of N pictures, picture by picture.

    `boxes` (B, 5), `label` (B,) the class of each, `sizes` (N,) how many each picture has, and
    `probability` (B,), which is 1 for boxes that people drew.
    """

    boxes: Boxes
    label: Ints
    probability: Floats
    sizes: Counts

    def __len__(self) -> int:
        return len(self.label)

    @property
    def image(self) -> Ints:
        """(B,): the picture of each box."""
        return np.repeat(np.arange(len(self.sizes)), self.sizes)

    @property
    def place(self) -> Ints:
        """(B,): the place of each box in its picture."""
        place: Ints = np.arange(len(self)) - np.repeat(starts_of(self.sizes), self.sizes)
        return place


def read_boxes(
    labels: Iterable[Mapping[str, Any]], predictions: Iterable[Any]
) -> tuple[BoxTable, BoxTable, int]:
    """Given and predicted boxes, and how many classes there are.

    Parameters
    ----------
    labels
        For each picture `bboxes` (G, 4), or (G, 5) with rotations, and `labels` (G,), classes 0..K-1. A
        picture without boxes may have them of any empty shape.
    predictions
        For each picture K tables (M, 5) of x1, y1, x2, y2 and probability, or (M, 6) with the rotation
        before the probability.

    Raises
    ------
    InvalidInput
        Naming the argument, the picture and the remedy.
    """
    labels, predictions = listed(labels), listed(predictions)
    if len(labels) != len(predictions):
        raise InvalidInput(
            f"has {len(labels)} pictures for {len(predictions)} of predictions",
            argument="labels",
            remedy="Give both for the same pictures",
        )
    predicted, n_classes = _predicted(predictions)
    return _given(labels, n_classes), predicted, n_classes


def _predicted(predictions: Sequence[Any]) -> tuple[BoxTable, int]:
    widths = {len(row) for row in predictions}
    if len(widths) > 1:
        row = next(i for i, tables in enumerate(predictions) if len(tables) != len(predictions[0]))
        raise _wrong(
            "predictions",
            f"has {len(predictions[row])} classes where the first has {len(predictions[0])}",
            "Give a table for each class, empty ones too",
            row,
        )
    n_classes = widths.pop() if widths else 0
    tables: list[Any] = list(chain.from_iterable(predictions))
    counts: Ints = np.fromiter(map(len, tables), dtype=np.int64, count=len(tables))
    rows = _stacked([tables[i] for i in np.flatnonzero(counts)], "predictions", COLUMNS + 1)
    by_image = counts.reshape(len(predictions), n_classes)
    label = np.repeat(np.tile(np.arange(n_classes), len(predictions)), counts)
    table = BoxTable(rows[:, :COLUMNS], label, rows[:, COLUMNS], by_image.sum(axis=1))
    _refuse_impossible(table, "predictions")
    off = (table.probability < 0) | (table.probability > 1 + SLACK)
    if off.any():
        first = int(np.argmax(off))
        raise _wrong(
            "predictions",
            f"has a box of probability {table.probability[first]:.6g}",
            "Give the probability 0..1 in the last column",
            int(table.image[first]),
        )
    return table, n_classes


def _given(labels: Sequence[Mapping[str, Any]], n_classes: int) -> BoxTable:
    try:
        drawn = [np.asarray(picture["bboxes"]) for picture in labels]
        named = [np.asarray(picture["labels"]).reshape(-1) for picture in labels]
    except (KeyError, TypeError) as error:
        raise InvalidInput(
            f"lacks {error}", argument="labels", remedy="Give 'bboxes' and 'labels' of each picture"
        ) from error
    counts: Ints = np.fromiter(map(len, named), dtype=np.int64, count=len(named))
    lengths: Ints = np.fromiter((len(item) if item.size else 0 for item in drawn), np.int64, count=len(drawn))
    if (row := _first(lengths != counts)) is not None:
        raise _wrong(
            "labels",
            f"has {lengths[row]} bboxes for {counts[row]} labels",
            "Give one class number for each box",
            row,
        )
    rows = _stacked([drawn[i] for i in np.flatnonzero(counts)], "labels", COLUMNS)
    label = _class_numbers([named[i] for i in np.flatnonzero(counts)])
    table = BoxTable(rows, label, np.ones(len(label)), counts)
    _refuse_impossible(table, "labels")
    if (first := _first((label < 0) | (label >= n_classes))) is not None:
        raise _wrong(
            "labels",
            f"has a box of class {label[first]}, outside 0..{n_classes - 1}",
            "Number the classes as the tables of predictions",
            int(table.image[first]),
        )
    return table


def _class_numbers(named: list[NDArray[Any]]) -> Ints:
    label = np.concatenate(named) if named else np.zeros(0, dtype=np.int64)
    if label.dtype.kind not in "iu":
        raise InvalidInput(
            f"has classes of type {label.dtype}", argument="labels", remedy="Give integers 0..K-1"
        )
    return label.astype(np.int64)


def _stacked(tables: list[Any], argument: str, columns: int) -> Floats:
    """All rows, with a rotation of 0 where tables carry none: it stands in column 4."""
    if not tables:
        return np.zeros((0, columns))
    try:
        rows = np.concatenate(tables).astype(np.float64, copy=False)
    except ValueError as error:
        raise InvalidInput(
            "has tables of different widths", argument=argument, remedy=_SHAPES[argument]
        ) from error
    if rows.ndim != 2 or rows.shape[1] not in (columns - 1, columns):
        raise InvalidInput(
            f"has a table of shape {np.shape(tables[0])}", argument=argument, remedy=_SHAPES[argument]
        )
    return rows if rows.shape[1] == columns else np.insert(rows, COLUMNS - 1, 0, axis=1)


_SHAPES = {
    "labels": "Give x1, y1, x2, y2 of each box, or all with a rotation behind",
    "predictions": "Give x1, y1, x2, y2, probability of each box, or all with a rotation before the last",
}


def _refuse_impossible(table: BoxTable, argument: str) -> None:
    bad = _first(~np.isfinite(table.probability))
    row = first_impossible(table.boxes) if bad is None else bad
    if row is not None:
        values = [*table.boxes[row].tolist(), float(table.probability[row])]
        raise _wrong(argument, f"has a box {values}", REMEDY, int(table.image[row]))


def _first(bad: NDArray[np.bool_]) -> int | None:
    return int(np.argmax(bad)) if bad.any() else None


def _wrong(argument: str, problem: str, remedy: str, image: int) -> InvalidInput:
    return InvalidInput(problem, argument=argument, remedy=remedy, row=image)
