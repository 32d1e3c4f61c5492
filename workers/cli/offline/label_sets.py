"""What a cell or value says of an item that may carry several classes, or none."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from workers.cli.offline.labels import JOINTS, NoClass, Reading, joined, read_label, structure_of
from workers.label_types.multi_label.value import key

NESTED = ("choices", "taxonomy", "labels", "value")  # keys that hold the list, in the order tried


def read_set(value: Any, joints: str = "") -> Reading:
    """The set that a value names, as the key of its type; an empty list is the empty set.

    Parameters
    ----------
    value
        A list, an object that holds one, or text; an empty cell is no label.
    joints
        The signs that join labels in this file's text, as `joints_of` finds them.
    """
    if isinstance(value, Mapping):
        inner = next((value[name] for name in NESTED if isinstance(value.get(name), list)), None)
        if inner is None and len(value) > 1 and all(mark in (0, 1) for mark in value.values()):
            return key(name for name, mark in value.items() if mark)
        return read_set(inner) if inner is not None else _of_one(read_label(value))
    if isinstance(value, list | tuple):
        return _of_many(value)
    if isinstance(value, str):
        inner = structure_of(value.strip()) if value.strip() else None
        if inner is not None:
            return read_set(inner)
        parts = _split(value, joints)
        return _of_many(parts) if len(parts) > 1 else _of_one(read_label(value))
    return _of_one(read_label(value))


def joints_of(labels: Collection[str]) -> str:
    """The signs by which these texts join several labels."""
    several = joined(labels)
    return "".join(sign for sign in JOINTS if any(sign in label for label in several))


def _split(text: str, joints: str) -> list[str]:
    for sign in joints:
        text = text.replace(sign, "\0")
    return [part.strip() for part in text.split("\0") if part.strip()]


def _of_one(reading: Reading) -> Reading:
    return reading if isinstance(reading, NoClass) else key([reading])


def _of_many(values: Iterable[Any]) -> Reading:
    """Members are classes, or paths of a taxonomy; one that is neither makes the set unreadable."""
    readings = [read_label([each] if isinstance(each, list) else each) for each in values]
    bad = [each for each in readings if isinstance(each, NoClass) and each is not NoClass.NONE]
    if bad:
        return NoClass.PLACES if NoClass.PLACES in bad else NoClass.UNREADABLE
    return key(str(each) for each in readings if not isinstance(each, NoClass))
