"""What the label is: a set of classes, written out as one line that people can read."""

from __future__ import annotations

from collections.abc import Iterable

from connector.model import LabelSchema, LabelStatus, Reading

KIND = "multi_label"
NONE = "(none)"  # the key of the empty set
_MARK = "\\"
_BETWEEN = ", "


def key(classes: Iterable[str]) -> str:
    """The key of a set: its classes in order of the alphabet, separated by commas.

    A comma or backslash in a class, and a bracket at its beginning, stand behind a backslash.
    """
    return _BETWEEN.join(_escaped(name) for name in sorted(set(classes))) or NONE


def classes(label: str) -> tuple[str, ...]:
    """The set that a key stands for."""
    if label == NONE:
        return ()
    result, name, at = [], "", 0
    while at < len(label):
        if label[at] == _MARK:
            name += label[at + 1 : at + 2]
            at += 2
        elif label.startswith(_BETWEEN, at):
            result.append(name)
            name, at = "", at + len(_BETWEEN)
        else:
            name += label[at]
            at += 1
    return (*result, name)


def valid(label: str, schema: LabelSchema) -> bool:
    """Whether it is the key of a set of the control's classes."""
    named = classes(label)
    return set(named) <= set(schema.classes) and key(named) == label


def reading(named: Iterable[str], schema: LabelSchema) -> Reading:
    """The key of what a control names, unless it has a class that the control does not."""
    result = set(named)
    if not result <= set(schema.classes):
        return Reading(None, LabelStatus.UNKNOWN_CLASS)
    return Reading(key(result), LabelStatus.VALID)


def _escaped(name: str) -> str:
    text = name.replace(_MARK, _MARK * 2).replace(",", f"{_MARK},")
    return f"{_MARK}{text}" if text.startswith("(") else text
