"""What several people's answers about one region come to: those that mean the same region agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TypeVar

from workers.label_types.regions.keys import Keys, RegionPart

UNCHANGED = 0.95  # overlap with the given region from which an answer says that it is right

S = TypeVar("S")


def positions(keys: Keys[S], answers: Mapping[str, str], given: str) -> dict[str, str]:
    """Person → the part that their answer counts for.

    Who leaves the region as it was, within what a hand can do, counts for the given one. The others agree
    where they name one class and the same region; the part behind which they stand is the one that most of
    them name, else their middle.
    """
    parts = {person: part for person, label in answers.items() if (part := keys.part(label)) is not None}
    stands = keys.part(given)
    counted = dict(answers)
    groups: list[list[str]] = []
    for person in sorted(parts, key=lambda one: (str(parts[one]), one)):
        part = parts[person]
        if stands is not None and _same(keys, part, stands, UNCHANGED):
            counted[person] = given
            continue
        group = next(
            (one for one in groups if all(_same(keys, part, parts[other], keys.shape.same) for other in one)),
            None,
        )
        if group is None:
            groups.append([person])
        else:
            group.append(person)
    for group in groups:
        common = _common(keys, [parts[person] for person in group])
        counted |= dict.fromkeys(group, str(common))
    return counted


def same_region(keys: Keys[S], one: RegionPart[S], other: RegionPart[S]) -> bool:
    """Whether two answers about one place mean the same region."""
    return _same(keys, one, other, keys.shape.same)


def _same(keys: Keys[S], one: RegionPart[S], other: RegionPart[S], least: float) -> bool:
    if one.label != other.label:
        return False
    return one.is_nothing or str(one) == str(other) or keys.overlap(one, other) >= least


def _common(keys: Keys[S], parts: list[RegionPart[S]]) -> RegionPart[S]:
    times = Counter(map(str, parts)).most_common(2)
    if len(times) == 1 or times[0][1] > times[1][1]:
        return next(part for part in parts if str(part) == times[0][0])
    return RegionPart(parts[0].label, keys.shape.middle([part.spot for part in parts]))
