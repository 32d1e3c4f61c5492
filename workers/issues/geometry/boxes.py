"""What a box is: two corners in pixels, and a rotation about the first."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workers.issues.arrays import Mask
from workers.issues.validation import InvalidInput

Boxes: TypeAlias = NDArray[np.float64]  # (B, 5): x1, y1, x2, y2 before rotation, clockwise degrees
Points: TypeAlias = NDArray[np.float64]  # (..., 2): x to the right, y down

COLUMNS = 5
ARGUMENT = "boxes"


def as_boxes(values: ArrayLike) -> Boxes:
    """Boxes as (B, 5).

    Parameters
    ----------
    values : (B, 4) or (B, 5)
        x1, y1, x2, y2 in pixels, y down, and where there is a fifth column the rotation in degrees,
        clockwise about (x1, y1). Nothing at all, of whatever shape, is no boxes.

    Raises
    ------
    InvalidInput
        For another shape, values that are not finite, or x2 < x1 or y2 < y1. No area is no error.
    """
    array = _numbers(values)
    if array.size == 0:
        return np.zeros((0, COLUMNS))
    if array.ndim != 2 or array.shape[1] not in (COLUMNS - 1, COLUMNS):
        raise InvalidInput(
            f"has shape {array.shape}", argument=ARGUMENT, remedy="Give x1, y1, x2, y2 of each box in a row"
        )
    boxes = np.zeros((len(array), COLUMNS))
    boxes[:, : array.shape[1]] = array
    if (row := first_impossible(boxes)) is not None:
        raise InvalidInput(f"is {array[row].tolist()}", argument=ARGUMENT, remedy=REMEDY, row=row)
    return boxes


REMEDY = "Give finite numbers with x1 <= x2 and y1 <= y2"


def first_impossible(boxes: Boxes) -> int | None:
    """The first row that is not finite or runs backwards."""
    fine = np.isfinite(boxes).all(axis=1) & (boxes[:, 2] >= boxes[:, 0]) & (boxes[:, 3] >= boxes[:, 1])
    return None if fine.all() else int(np.argmin(fine))


def rotated(boxes: Boxes) -> Mask:
    """(B,): which boxes are turned at all."""
    turned: Mask = boxes[:, 4] % 360 != 0
    return turned


def areas(boxes: Boxes) -> NDArray[np.float64]:
    """(B,): in square pixels."""
    area: NDArray[np.float64] = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return area


def centres(boxes: Boxes) -> Points:
    """(B, 2)."""
    upright = np.stack([boxes[:, 0] + boxes[:, 2], boxes[:, 1] + boxes[:, 3]], axis=1) / 2
    return _turned(upright[:, None], boxes)[:, 0] if rotated(boxes).any() else upright


def corners(boxes: Boxes) -> Points:
    """(B, 4, 2): top left, top right, bottom right, bottom left, as turned."""
    x1, y1, x2, y2 = boxes[:, :4].T
    upright = np.stack(
        [np.stack(point, axis=1) for point in ((x1, y1), (x2, y1), (x2, y2), (x1, y2))], axis=1
    )
    return _turned(upright, boxes)


def enclosing(boxes: Boxes) -> Boxes:
    """(B, 5): the least upright box about each."""
    points = corners(boxes)
    hull = np.zeros_like(boxes)
    hull[:, :2], hull[:, 2:4] = points.min(axis=1), points.max(axis=1)
    return hull


def _turned(points: Points, boxes: Boxes) -> Points:
    """Points (B, k, 2) of boxes, turned about the top left corner of each."""
    pivot = boxes[:, None, :2]
    angle = np.deg2rad(boxes[:, 4])
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    x, y = (points - pivot).transpose(2, 0, 1)
    return np.stack([x * cos - y * sin, x * sin + y * cos], axis=2) + pivot


def _numbers(values: ArrayLike) -> NDArray[np.float64]:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidInput(
            "is no table of numbers", argument=ARGUMENT, remedy="Give x1, y1, x2, y2 of each box in a row"
        ) from error
