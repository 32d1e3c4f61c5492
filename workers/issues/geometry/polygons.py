"""Convex polygons: what two of them share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workers.issues.arrays import Mask
from workers.issues.geometry.boxes import Points

NEAR = 1e-9  # of a polygon's extent: a point this close to an edge lies on it, and edges are parallel


def intersection_areas(first: Points, second: Points) -> NDArray[np.float64]:
    """The area that convex polygons share, pair by pair.

    Parameters
    ----------
    first, second : (P, n, 2), (P, m, 2)
        Corners in order, clockwise as seen with y down.

    Returns
    -------
    (P,) float
        In square pixels.

    Notes
    -----
    The corners of what they share are the corners of each that lie within the other, and the crossings of
    their edges; about their mean they are put in order by angle, and the shoelace formula gives the area.
    """
    centre = first.mean(axis=1, keepdims=True)
    first, second = first - centre, second - centre  # small numbers, small errors
    crossings, crossed = _crossings(first, second)
    points = np.concatenate([first, second, crossings], axis=1)
    used = np.concatenate([_within(first, second), _within(second, first), crossed], axis=1)
    return _area(points, used)


def _within(points: Points, polygon: Points) -> Mask:
    """(P, n): which points lie in the polygon or on its edge."""
    start = polygon[:, None]
    edge = np.roll(polygon, -1, axis=1)[:, None] - start
    away = points[:, :, None] - start
    extent = np.abs(polygon).max(axis=(1, 2))[:, None, None]
    inside: Mask = (_cross(edge, away) >= -NEAR * extent**2).all(axis=2)
    return inside


def _crossings(first: Points, second: Points) -> tuple[Points, Mask]:
    """(P, n m, 2): where each edge of the one meets each of the other, and whether it does.

    Edges that are parallel but for rounding have no crossing that could be told: the corners say all.
    """
    p, q = first[:, :, None], second[:, None]
    r = np.roll(first, -1, axis=1)[:, :, None] - p
    s = np.roll(second, -1, axis=1)[:, None] - q
    turn = _cross(r, s)
    parallel = np.abs(turn) <= NEAR * np.linalg.norm(r, axis=-1) * np.linalg.norm(s, axis=-1)
    divisor = np.where(parallel, 1, turn)
    t, u = _cross(q - p, s) / divisor, _cross(q - p, r) / divisor
    meet = ~parallel & (t >= 0) & (t <= 1) & (u >= 0) & (u <= 1)
    n_pairs = len(first)
    return (p + t[..., None] * r).reshape(n_pairs, -1, 2), meet.reshape(n_pairs, -1)


def _area(points: Points, used: Mask) -> NDArray[np.float64]:
    """The area of the convex polygon of the used points, in whatever order they come."""
    n_used = used.sum(axis=1)
    middle = (points * used[..., None]).sum(axis=1) / np.maximum(n_used, 1)[:, None]
    away = np.where(used[..., None], points - middle[:, None], 0)
    angle = np.where(used, np.arctan2(away[..., 1], away[..., 0]), np.inf)
    order = np.argsort(angle, axis=1)
    ring = np.take_along_axis(away, order[..., None], axis=1)
    # Places beyond the used ones repeat the first point, which closes the ring and adds nothing.
    ring = np.where((np.arange(ring.shape[1]) < n_used[:, None])[..., None], ring, ring[:, :1])
    area: NDArray[np.float64] = _cross(ring, np.roll(ring, -1, axis=1)).sum(axis=1) / 2
    return np.where(n_used > 2, area, 0)


def _cross(a: Points, b: Points) -> NDArray[np.float64]:
    product: NDArray[np.float64] = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return product
