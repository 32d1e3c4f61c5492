"""Boxes on Label Studio: `<RectangleLabels>` of an `<Image>`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from connector.errors import Rejected
from connector.model import Json, LabelSchema
from connector.platforms.results import dicts, finite, values_in
from workers.label_types.boxes.value import KEYS, KIND, PERCENT, Box
from workers.label_types.regions.label_studio import BLUE, GREY, ORANGE, RegionsOnLabelStudio

NO_SIZE = (
    "nothing tells how large the picture is, and one box without original_width and original_height makes "
    "Label Studio's COCO export fail: give predictions of it with the size, then scan again"
)
_STROKES = {ORANGE: ("3", "0.12"), BLUE: ("3", "0"), GREY: ("1", "0")}

Raw = dict[str, Any]


class BoxesOnLabelStudio(RegionsOnLabelStudio[Box]):
    """Implements PartsCodec."""

    tag, held, kind, noun, keys = "RectangleLabels", "rectanglelabels", KIND, "box", KEYS
    tags = frozenset({tag})

    def fits(self, control: Any, config: Any) -> bool:
        """Whether it is about one picture: of several in a task (`valueList`) regions name the page."""
        names = set(control.to_name or ())
        objects = [one for one in config.objects if one.name in names]
        return len(objects) == 1 and all(
            one.tag == "Image" and not one.attr.get("valueList") for one in objects
        )

    def spot_of(self, region: Raw, size: tuple[float, float] | None) -> Box | None:
        """The box in pixels; without a size anywhere in percent, unless it is turned."""
        numbers = [finite(values_in(region, name)) for name in ("x", "y", "width", "height")]
        turned = finite(values_in(region, "rotation") or 0)
        own = _size(region) or size
        if None in numbers or turned is None or (own is None and turned % 360):
            return None
        x, y, w, h = (number for number in numbers if number is not None)
        if w < 0 or h < 0:
            return None
        width, height = own or PERCENT
        right, down = width / 100, height / 100
        return Box(x * right, y * down, w * right, h * down, turned, width, height)

    def size_of(self, regions: Sequence[Raw]) -> tuple[float, float] | None:
        """That of the first region that names it: all are of one picture."""
        return next((size for region in regions if (size := _size(region))), None)

    def moved(self, value: Raw, spot: Box, region: Raw) -> Raw:
        """Percent of the picture."""
        del region
        right, down = spot.width / 100, spot.height / 100
        return {
            **value,
            "x": spot.x / right,
            "y": spot.y / down,
            "width": spot.w / right,
            "height": spot.h / down,
            "rotation": spot.rotation,
        }

    def write(self, raw: Any, schema: LabelSchema, label: str, meta: Json) -> list[Raw]:
        """The result with this box added. Rejected where nothing tells how large its picture is.

        One box without the size makes every COCO export of the project fail.
        """
        result = super().write(raw, schema, label, meta)
        if any(_size(region) is None for region in result[len(dicts(raw)) :]):
            raise Rejected(NO_SIZE)
        return result

    def item_of(self, spot: Box) -> Raw:
        """The size of the picture: one region without it makes a whole COCO export fail."""
        if (spot.width, spot.height) == PERCENT:
            return {}
        sizes = {"original_width": round(spot.width), "original_height": round(spot.height)}
        return {**sizes, "image_rotation": 0}

    def style(self, role: str) -> dict[str, str]:
        """Lines that tell the roles apart, also among 200 boxes."""
        width, fill = _STROKES.get(role, ("3", "0"))
        return {"strokeWidth": width, "fillOpacity": fill, "canRotate": "true"}


def _size(region: Raw) -> tuple[float, float] | None:
    width, height = finite(region.get("original_width")), finite(region.get("original_height"))
    if width is None or height is None or not (width > 0 and height > 0 and math.isfinite(width * height)):
        return None
    return width, height
