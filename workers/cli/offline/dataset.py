"""Labelled items of a file, in one form whatever the file was."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workers.cli.offline.errors import BadFile

ARGUMENT = "FILE"
FIELDS = ("text", "sentence", "content", "message", "image", "vector", "embedding", "features")
LONGEST_NUMBER = 15  # digits; longer ones are names
NAMED = 12  # fields listed in a message


@dataclass(frozen=True, slots=True)
class Columns:
    """What the person said of the file; what is None is found from it."""

    label: str | None = None
    id: str | None = None
    annotator: str | None = None
    field: str | None = None
    date: str | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """One item with the label it carries. `place` says where in the file it stands, for people."""

    id: str
    place: str
    data: Mapping[str, Any]
    label: str
    annotator: str | None
    answers: tuple[tuple[str | None, str], ...]  # (annotator, label) of all valid answers
    at: float = math.nan  # when the label was given, in seconds; NaN where that is not known
    times: tuple[float, ...] = ()  # the same of each answer; empty where none is known


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An item, or an answer of one, that is not judged, and why."""

    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class Dataset:
    """`label_name` is the column or control that held the labels, `field` the key to learn from."""

    records: tuple[Record, ...]
    classes: tuple[str, ...]
    label_name: str
    field: str
    left_out: tuple[LeftOut, ...] = ()


def dataset(
    records: Sequence[Record], label_name: str, wanted: str | None, left_out: Sequence[LeftOut]
) -> Dataset:
    """Check that there is something to judge. BadFile for no labels, or one class."""
    if not records:
        raise BadFile("no item has a usable label", argument=ARGUMENT, remedy=_seen(left_out))
    classes = tuple(sorted({one.label for one in records}, key=_order))
    if len(classes) < 2:
        raise BadFile(
            f"all {len(records)} labels in '{label_name}' are '{classes[0]}'",
            argument=ARGUMENT,
            remedy="A label can be wrong only among two or more classes: name another --label-column",
        )
    chosen = wanted or found_field([one.data for one in records])
    if wanted is not None and not any(wanted in one.data for one in records):
        raise _no_field(f"no item has '{wanted}'", [one.data for one in records])
    return Dataset(tuple(records), classes, label_name, chosen, tuple(left_out))


def found_field(data: Sequence[Mapping[str, Any]]) -> str:
    """The key to learn from: one of the usual names, or the only one there is."""
    names = {name: None for item in data for name in item}
    by_name = {name.lower(): name for name in names}
    usual = next((by_name[name] for name in FIELDS if name in by_name), None)
    if usual is not None:
        return usual
    if len(names) != 1:
        raise _no_field("it is not clear which field to learn from", data)
    return next(iter(names))


def merged(rows: Sequence[Record]) -> list[Record]:
    """Rows of one id are answers about one item: the majority's label stands, the earliest on a tie."""
    by_id: dict[str, list[Record]] = defaultdict(list)
    for row in rows:
        by_id[row.id].append(row)
    return [_together(same) for same in by_id.values()]


def _together(rows: Sequence[Record]) -> Record:
    if len(rows) == 1:
        return rows[0]
    answers = tuple(answer for row in rows for answer in row.answers)
    votes = [label for _, label in answers]
    winner = max(dict.fromkeys(votes), key=votes.count)
    first = next(row for row in rows if row.label == winner)
    times = tuple(row.at for row in rows)
    return Record(first.id, first.place, first.data, winner, first.annotator, answers, first.at, times)


def _order(label: str) -> tuple[bool, float, str]:
    """Numbers as numbers and before words."""
    is_number = label.isascii() and label.isdigit() and len(label) <= LONGEST_NUMBER
    return not is_number, float(label) if is_number else 0.0, label


def _no_field(problem: str, data: Sequence[Mapping[str, Any]]) -> BadFile:
    names = ", ".join(list({name: None for item in data for name in item})[:NAMED]) or "none"
    return BadFile(problem, argument="--field", remedy=f"Name one of the file's fields: {names}")


def _seen(left_out: Sequence[LeftOut]) -> str:
    reasons = ", ".join(dict.fromkeys(one.reason for one in left_out))
    return f"What was found instead: {reasons}" if reasons else "Export items that have been labelled"
