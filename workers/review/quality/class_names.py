"""The classes that figures are about: where labels have parts, each region is a label of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from connector.model.region_keys import NOTHING
from connector.store.views.figures import IssueCount, Moved
from workers.label_types.base import LabelType


def counts_by_class(kind: LabelType, counts: Iterable[IssueCount]) -> list[IssueCount]:
    """The same counts, by the class of what was given."""
    return [replace(one, given=class_name(kind, one.given)) for one in counts]


def moves_by_class(kind: LabelType, moves: Iterable[Moved]) -> list[Moved]:
    """What corrections did, as guidelines say it: to another class, to nothing, to another place."""
    n: Counter[tuple[str, str]] = Counter()
    for one in moves:
        n[kind.told_apart(one.given, one.label)] += one.n
    return [Moved(given, label, times) for (given, label), times in sorted(n.items())]


def gained_and_lost(kind: LabelType, moves: Iterable[Moved]) -> tuple[Counter[str], Counter[str]]:
    """Class → how many labels corrections gave it, and how many they took."""
    gained, lost = Counter[str](), Counter[str]()
    for one in moves:
        gained[class_name(kind, one.label)] += one.n
        lost[class_name(kind, one.given)] += one.n
    if kind.in_parts:
        for counts in (gained, lost):
            counts.pop(NOTHING, None)  # that a region is missing is no class
    return gained, lost


def summed_by_class(kind: LabelType, counts: Mapping[str, int]) -> dict[str, int]:
    """Class → the same count, of labels or of single regions."""
    result = Counter[str]()
    for label, n in counts.items():
        result[class_name(kind, label)] += n
    return dict(sorted(result.items()))


def labels_by_class(kind: LabelType, counts: Mapping[str, int]) -> dict[str, int]:
    """Class → how many labels carry it, by those of whole items."""
    parts = Counter[str]()
    for label, n in counts.items():
        for part in kind.parts(label):
            parts[part] += n
    return summed_by_class(kind, parts)


def class_name(kind: LabelType, label: str) -> str:
    """The class of a region; a label that is one thing is its class."""
    return kind.told_apart(label, label)[0]
