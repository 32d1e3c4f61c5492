"""What the label is: one class of the project, its own key."""

from __future__ import annotations

from collections.abc import Collection

from connector.model import CHOICE, LabelSchema, LabelStatus, Reading

KIND = CHOICE


def valid(label: str, schema: LabelSchema) -> bool:
    """Whether the label is one of the classes."""
    return label in schema.classes


def reading(named: Collection[str], schema: LabelSchema) -> Reading:
    """The one class named, or why there is none."""
    if len(named) != 1:
        return Reading(None, LabelStatus.SEVERAL if named else LabelStatus.EMPTY)
    (label,) = named
    if not valid(label, schema):
        return Reading(None, LabelStatus.UNKNOWN_CLASS)
    return Reading(label, LabelStatus.VALID)
