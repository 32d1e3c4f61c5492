"""What the label is: a whole number of a scale; its digits are the key, and the scale the classes."""

from __future__ import annotations

from typing import Any

from connector.model import LabelSchema, LabelStatus, Reading

KIND = "rating"
EXPECTED = "expected"  # the name under which a prediction gives the number that it expects


def scale(schema: LabelSchema) -> tuple[float, ...]:
    """The numbers that may be given, ascending."""
    return tuple(sorted(float(name) for name in schema.classes))


def valid(label: str, schema: LabelSchema) -> bool:
    """Whether it stands on the scale."""
    return label in schema.classes


def reading(held: Any, schema: LabelSchema) -> Reading:
    """The rating that a platform holds as a number, or why there is none."""
    if held is None:
        return Reading(None, LabelStatus.EMPTY)
    if isinstance(held, bool) or not isinstance(held, int | float):
        return Reading(None, LabelStatus.UNREADABLE)
    label = f"{held:.0f}" if held == held // 1 else ""
    if not valid(label, schema):
        return Reading(None, LabelStatus.UNKNOWN_CLASS)
    return Reading(label, LabelStatus.VALID)


def nearest(number: float, schema: LabelSchema) -> str:
    """The rating that is nearest to a number; of two as near the lower."""
    return min(schema.classes, key=lambda name: (abs(float(name) - number), float(name)))
