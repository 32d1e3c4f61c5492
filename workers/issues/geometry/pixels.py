"""From percent of a picture to its pixels, and back."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workers.issues.geometry.boxes import COLUMNS, Boxes
from workers.issues.validation import InvalidInput


def to_pixels(percent: ArrayLike, sizes: ArrayLike) -> Boxes:
    """Boxes in pixels.

    Parameters
    ----------
    percent : (B, 5)
        x, y, width and height in percent of the picture's width and height, and the rotation in degrees,
        clockwise about (x, y). Beyond 0..100 is allowed: a box may stand out of the picture.
    sizes : (B, 2) or (2,)
        Width and height of the picture in pixels, turned by EXIF or not, as the picture is that
        the percents are of.

    Returns
    -------
    (B, 5) float
        As `as_boxes` gives them. The rotation stays as it is, because it is one of pixels: in percent of a
        picture that is not square the turned corners would form no right angle.

    Raises
    ------
    InvalidInput
        For sizes that are missing or not positive, percents that are not finite, or a negative width.
    """
    table = np.asarray(percent, dtype=np.float64).reshape(-1, COLUMNS)
    scale = _scale(sizes, len(table))
    bad = ~np.isfinite(table).all(axis=1) | (table[:, 2:4] < 0).any(axis=1)
    if bad.any():
        row = int(np.argmax(bad))
        raise InvalidInput(
            f"is {table[row].tolist()}",
            argument="percent",
            remedy="Give finite x, y, width, height, rotation, with width and height from 0",
            row=row,
        )
    boxes = table.copy()
    boxes[:, :2] = table[:, :2] * scale
    boxes[:, 2:4] = (table[:, :2] + table[:, 2:4]) * scale
    return boxes


def _scale(sizes: ArrayLike, n: int) -> NDArray[np.float64]:
    """(B, 2): pixels in a percent."""
    given = np.asarray(sizes, dtype=np.float64)
    size = np.broadcast_to(given, (n, 2))
    fine = np.isfinite(size).all(axis=1) & (size > 0).all(axis=1)
    if not fine.all():
        row = int(np.argmin(fine))
        raise InvalidInput(
            f"is {size[row].tolist()}",
            argument="sizes",
            remedy="Give the picture's width and height in pixels; without them percents cannot be compared",
            row=row,
        )
    return size / 100
