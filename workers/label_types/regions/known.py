"""Items whose regions are known for certain: what is asked of them, and what the answer should be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from workers.label_types.regions.keys import SAME_PLACE, Keys, RegionPart
from workers.label_types.regions.merge import same_region

S = TypeVar("S")


def expected(keys: Keys[S], truth: str, given: str) -> str:
    """What should stand where `given` is: the region that overlaps it most, by half at least, or nothing."""
    part = keys.part(given)
    if part is None:
        return truth
    result = _at(keys, keys.parts(truth), part)
    return str(part.nothing() if result is None else result)


def probes(keys: Keys[S], label: str, truth: str, classes: Sequence[str]) -> list[tuple[str, str]]:
    """(given, suggested) of each question that can be asked of an item.

    Where the label has wrong regions, those, and what they should be; else each region as if a model saw
    another class there, or, of one class alone, nothing.
    """
    given, right = keys.parts(label), keys.parts(truth)
    wrong = [(part, _at(keys, right, part) or part.nothing()) for part in given]
    wrong = [(part, is_there) for part, is_there in wrong if not same_region(keys, part, is_there)]
    missing = [(part.nothing(), part) for part in right if _at(keys, given, part) is None]
    if wrong or missing:
        return [(str(one), str(other)) for one, other in (*wrong, *missing)]
    return [(str(part), str(other)) for part in given for other in _others(part, classes)]


def _at(keys: Keys[S], parts: Sequence[RegionPart[S]], place: RegionPart[S]) -> RegionPart[S] | None:
    near = [part for part in parts if keys.overlap(part, place) >= SAME_PLACE]
    return max(near, key=lambda part: (part.label == place.label, keys.overlap(part, place)), default=None)


def _others(part: RegionPart[S], classes: Sequence[str]) -> list[RegionPart[S]]:
    named = [RegionPart(name, part.spot) for name in classes if name != part.label]
    return named or [part.nothing()]
