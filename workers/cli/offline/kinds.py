"""What the labels of a file are: as named with `--type`, or as the file shows it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from workers.cli.offline.labels import NoClass, Reading, read_label

SEVERAL_SHARE = 0.1  # of the labels that name several classes, from which sets are what is given
LEAST_SEVERAL = 5  # such labels; fewer are slips
LEAST_STEPS = 3  # different numbers of a scale; two are classes
SCALES = frozenset({"rating", "ratings", "stars", "score"})  # columns whose numbers are steps of a scale


class FileKind(StrEnum):
    """A label type of a file; values are those of `workers.label_types` where it has the type."""

    CHOICE = "choice"
    MULTI_LABEL = "multi_label"
    RATING = "rating"
    BOXES = "boxes"
    SPANS = "spans"


WORDS = {FileKind.MULTI_LABEL: "sets of classes", FileKind.RATING: "numbers"}
REGIONS = frozenset({FileKind.BOXES, FileKind.SPANS})


def kind_of_labels(readings: Sequence[Reading], name: str = "") -> FileKind:
    """What labels read as one class each are: sets where many name several, a scale by its column's name."""
    several = sum(reading is NoClass.SEVERAL for reading in readings)
    labelled = several + sum(not isinstance(reading, NoClass) for reading in readings)
    if several >= max(LEAST_SEVERAL, SEVERAL_SHARE * labelled):
        return FileKind.MULTI_LABEL
    if name.lower() in SCALES and is_scale(readings):
        return FileKind.RATING
    return FileKind.CHOICE


def is_scale(readings: Sequence[Reading]) -> bool:
    """Whether all labels are numbers, and enough of them differ."""
    labels = {str(each) for each in readings if not isinstance(each, NoClass)}
    return len(labels) >= LEAST_STEPS and all(number_of(label) is not None for label in labels)


def number_of(label: str) -> float | None:
    """The finite number that a label spells, if it is one."""
    from math import isfinite

    try:
        number = float(label)
    except ValueError:
        return None
    return number if label.isascii() and isfinite(number) else None


def read_number(value: object) -> Reading:
    """A rating or another number, as its shortest spelling."""
    label = read_label(value)
    if isinstance(label, NoClass):
        return label
    number = number_of(label)
    if number is None or isinstance(value, bool):
        return NoClass.UNREADABLE
    return str(int(number)) if number.is_integer() else repr(number)


def kind_notice(kind: FileKind, wanted: FileKind | None, name: str) -> tuple[str, ...]:
    """A sentence where the kind of the labels was found from the file, and is not the usual one."""
    if wanted is not None or kind not in WORDS:
        return ()
    return (f"Labels in '{name}' are judged as {WORDS[kind]}; --type choice takes each as one class.",)
