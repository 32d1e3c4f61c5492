"""What a box is: pixels of its picture, whose size stands beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass

from connector.model.region_keys import BOX_KEY
from workers.label_types.regions.keys import Keys

KIND = "boxes"
PERCENT = (100.0, 100.0)  # the size of a picture whose pixels nothing tells


@dataclass(frozen=True, slots=True)
class Box:
    """A box from its first corner (x, y), with the degrees by which it is turned clockwise about it.

    All in pixels of a picture of `width` x `height`, to a tenth.
    """

    x: float
    y: float
    w: float
    h: float
    rotation: float
    width: float
    height: float

    def __str__(self) -> str:
        x, y, w, h, turned, width, height = (_short(number) for number in astuple(self))
        around = "" if turned == "0" else f" @{turned}"
        return f"{x},{y} {w}x{h}{around} of {width}x{height}"

    @property
    def corners(self) -> tuple[float, float, float, float, float]:
        """x1, y1, x2, y2 and the rotation, as `workers.issues.geometry` takes them."""
        return self.x, self.y, self.x + self.w, self.y + self.h, self.rotation

    def scaled(self, width: float, height: float) -> Box:
        """The box on the same picture in another size; of an upright one only."""
        right, down = width / self.width, height / self.height
        return Box(self.x * right, self.y * down, self.w * right, self.h * down, self.rotation, width, height)


@dataclass(frozen=True, slots=True)
class BoxShape:
    """Implements RegionShape."""

    same: float = 0.7

    def split(self, text: str) -> tuple[str, Box] | None:
        """A class and a box; None for another line, and for a box without a picture."""
        result = BOX_KEY.fullmatch(text)
        if result is None:
            return None
        x, y, w, h, turned, width, height = (
            float(result[name] or 0) for name in ("x", "y", "w", "h", "r", "width", "height")
        )
        if min(w, h) < 0 or min(width, height) <= 0:
            return None
        return result["label"], Box(x, y, w, h, turned, width, height)

    def overlap(self, spot: Box, other: Box) -> float:
        """Intersection over union; of boxes that are turned, that of the polygons."""
        if (other.width, other.height) != (spot.width, spot.height):
            other = other.scaled(spot.width, spot.height)
        if not spot.rotation % 360 and not other.rotation % 360:
            return _upright(spot, other)
        import numpy as np  # only where boxes are turned

        from workers.issues.geometry import iou

        return float(iou(np.array([spot.corners]), np.array([other.corners]))[0])

    def around(self, spot: Box, other: Box) -> Box:
        """The upright box about both."""
        if spot.rotation % 360 or other.rotation % 360:
            import numpy as np  # only where boxes are turned

            from workers.issues.geometry import enclosing

            first, second = enclosing(np.array([spot.corners, other.corners])).tolist()
        else:
            first, second = spot.corners, other.corners
        sides = (min(first[0], second[0]), min(first[1], second[1]), max(first[2], second[2]))
        return box_at((*sides, max(first[3], second[3]), 0.0), spot)

    def counted_as(self, spot: Box, other: Box) -> Box:
        """On the picture in the other's size, as far as a turned box has the same shape there."""
        if spot.rotation % 360 and not math.isclose(spot.width * other.height, spot.height * other.width):
            return spot
        return spot.scaled(other.width, other.height)

    def middle(self, spots: Sequence[Box]) -> Box:
        """The median of each side; of turned boxes as `median_box` says."""
        import numpy as np  # only where votes are counted

        from workers.issues.geometry import median_box

        first = spots[0]
        same = [spot.scaled(first.width, first.height) for spot in spots]
        x1, y1, x2, y2, turned = median_box(np.array([spot.corners for spot in same])).tolist()
        return box_at((x1, y1, x2, y2, turned), first)


KEYS: Keys[Box] = Keys(BoxShape())


def box_at(corners: Sequence[float], picture: Box) -> Box:
    """A box from its corners, on the picture of another."""
    x1, y1, x2, y2, turned = corners
    return Box(x1, y1, x2 - x1, y2 - y1, turned, picture.width, picture.height)


def _upright(one: Box, other: Box) -> float:
    right = min(one.x + one.w, other.x + other.w) - max(one.x, other.x)
    down = min(one.y + one.h, other.y + other.h) - max(one.y, other.y)
    shared = max(0.0, right) * max(0.0, down)
    union = one.w * one.h + other.w * other.h - shared
    return shared / union if union > 0 else 0.0


def _short(number: float) -> str:
    text = f"{number + 0.0:.1f}" if math.isfinite(number) else "0"
    text = text.removesuffix(".0")
    return "0" if text == "-0" else text
