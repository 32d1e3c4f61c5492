"""Boxes, upright and rotated, as numbers: areas, corners, overlaps, and the way from percent to pixels."""

from workers.issues.geometry.boxes import Boxes, areas, as_boxes, centres, corners, enclosing
from workers.issues.geometry.median import median_box
from workers.issues.geometry.overlap import iou, iou_matrix
from workers.issues.geometry.pixels import to_pixels

__all__ = [
    "Boxes",
    "areas",
    "as_boxes",
    "centres",
    "corners",
    "enclosing",
    "iou",
    "iou_matrix",
    "median_box",
    "to_pixels",
]
