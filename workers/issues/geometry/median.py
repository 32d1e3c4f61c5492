"""The box in the middle of several."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workers.issues.geometry.boxes import Boxes, centres, rotated


def median_box(boxes: Boxes) -> NDArray[np.float64]:
    """(5,): the coordinate-wise median of (B, 5) boxes that mark one thing.

    Where one of them is turned, it is the median of centre, width, height and angle, each box being
    described so that its angle is within an eighth of a turn of the first one's: the same rectangle has four
    descriptions, of which every second exchanges width and height.
    """
    if not rotated(boxes).any():
        middle: NDArray[np.float64] = np.median(boxes, axis=0)
        return middle
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    quarters = np.round((boxes[:, 4] - boxes[0, 4]) / 90).astype(np.int64)
    lying = quarters % 2 == 1
    width, height = np.where(lying, height, width), np.where(lying, width, height)
    x, y = np.median(centres(boxes), axis=0)
    w, h, angle = np.median([width, height, boxes[:, 4] - 90 * quarters], axis=1)
    cos, sin = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    x1, y1 = x - (w * cos - h * sin) / 2, y - (w * sin + h * cos) / 2
    return np.array([x1, y1, x1 + w, y1 + h, angle])
