"""One region's numbers, checked: what cannot be counted with is a reason to leave it out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.platforms.results import finite

Size = tuple[float, float]
Spot = tuple[float, ...]

NO_NUMBER = "box with a number that is none"
NO_OFFSETS = "span without whole offsets"
NO_AREA = "box without an area"
FARTHEST = 1e9  # pixels: areas beyond leave the range of numbers
NO_LABEL = "region without a label"
BEYOND = "box that stands out of its picture"
BEYOND_SLACK = 1e-3  # of the picture's side; less is rounding
LABEL_KEYS = (
    "rectanglelabels", "labels", "hypertextlabels", "paragraphlabels", "label", "category", "name",
    "class", "entity_group",
)  # fmt: skip


def box_from_percent(value: Mapping[str, Any], size: Size) -> Spot | str:
    """x, y, width, height in percent and the rotation, as pixels of a picture of that size; or why not."""
    held = [finite(value.get(name)) for name in ("x", "y", "width", "height")]
    turned = finite(value.get("rotation", 0))
    if turned is None or any(one is None for one in held):
        return NO_NUMBER
    x, y, width, height = (number for number in held if number is not None)
    across, down = size[0] / 100, size[1] / 100
    return checked_box((x * across, y * down, (x + width) * across, (y + height) * down, turned))


def box_from_corner(values: Any) -> Spot | str:
    """x, y, width, height in pixels, as COCO has them; or why not."""
    held = [finite(one) for one in values] if isinstance(values, list | tuple) else []
    if len(held) != 4 or any(one is None for one in held):
        return NO_NUMBER
    x, y, width, height = (number for number in held if number is not None)
    return checked_box((x, y, x + width, y + height, 0.0))


def box_from_corners(values: Any) -> Spot | str:
    """x1, y1, x2, y2 in pixels, and a rotation where there is a fifth; or why not."""
    held = [finite(one) for one in values] if isinstance(values, list | tuple) else []
    if len(held) not in (4, 5) or any(one is None for one in held):
        return NO_NUMBER
    return checked_box((*(number for number in held if number is not None), 0.0)[:5])


def checked_box(spot: Spot) -> Spot | str:
    """The box, or why it is none."""
    if max(map(abs, spot)) > FARTHEST:
        return NO_NUMBER
    return spot if spot[2] > spot[0] and spot[3] > spot[1] else NO_AREA


def is_beyond(spot: Spot, size: Size) -> bool:
    """Whether an upright box stands out of the picture by more than rounding."""
    slack = BEYOND_SLACK * max(size)
    return spot[4] % 360 == 0 and (
        min(spot[:2]) < -slack or spot[2] > size[0] + slack or spot[3] > size[1] + slack
    )


def labels_of(value: Mapping[str, Any]) -> list[str]:
    """The labels of a region: usually one."""
    return next((names for key in LABEL_KEYS if (names := names_in(value.get(key)))), [])


def names_in(held: Any) -> list[str]:
    """The classes that a value names: a text, a whole number, or a list of them; none for anything else."""
    listed = held if isinstance(held, list) else [held]
    if not all(isinstance(one, str | int) and not isinstance(one, bool) for one in listed):
        return []
    return list(dict.fromkeys(name for one in listed if (name := str(one).strip())))


def whole_offsets(start: Any, end: Any, *, ordered: bool = True) -> tuple[int, int] | str:
    """Whole numbers, and the end behind the start where they are of one text."""
    numbers = []
    for value in (start, end):
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value or value % 1:
            return NO_OFFSETS
        numbers.append(int(value))
    if ordered and numbers[1] <= numbers[0]:
        return "span without a length" if numbers[1] == numbers[0] else "span that ends before it starts"
    return numbers[0], numbers[1]
