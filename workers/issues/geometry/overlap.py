"""How far two boxes cover each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workers.issues.geometry.boxes import Boxes, areas, corners, enclosing, rotated
from workers.issues.geometry.polygons import intersection_areas

LEAST_UNION = 1e-6  # square pixels: two boxes without an area have an overlap of 0, not NaN
PAIRS = 1 << 14  # of polygons at a time, so that their crossings stay small


def iou(first: Boxes, second: Boxes) -> NDArray[np.float64]:
    """Intersection over union of boxes, pair by pair.

    Parameters
    ----------
    first, second : (P, 5)
        As `as_boxes` gives them.

    Returns
    -------
    (P,) float
        0..1; of the polygons where a box is turned.
    """
    shared = _upright_intersection(first, second)
    turned = rotated(first) | rotated(second)
    if turned.any():
        shared[turned] = _polygon_intersection(first[turned], second[turned])
    union = areas(first) + areas(second) - shared
    covered: NDArray[np.float64] = shared / np.maximum(union, LEAST_UNION)
    return covered


def iou_matrix(first: Boxes, second: Boxes) -> NDArray[np.float64]:
    """(A, B): the overlap of each of the first with each of the second."""
    n, m = len(first), len(second)
    return iou(np.repeat(first, m, axis=0), np.tile(second, (n, 1))).reshape(n, m)


def _upright_intersection(first: Boxes, second: Boxes) -> NDArray[np.float64]:
    width = np.minimum(first[:, 2], second[:, 2]) - np.maximum(first[:, 0], second[:, 0])
    height = np.minimum(first[:, 3], second[:, 3]) - np.maximum(first[:, 1], second[:, 1])
    shared: NDArray[np.float64] = np.maximum(width, 0) * np.maximum(height, 0)
    return shared


def _polygon_intersection(first: Boxes, second: Boxes) -> NDArray[np.float64]:
    """Only boxes whose upright surroundings meet are clipped."""
    shared = np.zeros(len(first))
    near = np.flatnonzero(_upright_intersection(enclosing(first), enclosing(second)) > 0)
    for start in range(0, len(near), PAIRS):
        part = near[start : start + PAIRS]
        shared[part] = intersection_areas(corners(first[part]), corners(second[part]))
    least: NDArray[np.float64] = np.minimum(shared, np.minimum(areas(first), areas(second)))
    return least
