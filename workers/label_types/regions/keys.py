"""The label of an item with regions: a line for each, of its class and where it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from connector.model import LabelSchema
from connector.model.region_keys import NOTHING

EMPTY = "(none)"  # the label of an item on which nothing is marked
SAME_PLACE = 0.5  # overlap from which two regions are about the same thing

S = TypeVar("S")


class RegionShape(Protocol[S]):
    """How a place in an item is written, read and compared. Pure; no text makes it raise."""

    @property
    def same(self) -> float:
        """Overlap from which answers mean the same region, 0..1."""
        ...

    def split(self, text: str) -> tuple[str, S] | None:
        """A class and a place, from the line that holds both."""
        ...

    def overlap(self, spot: S, other: S) -> float:
        """0..1."""
        ...

    def around(self, spot: S, other: S) -> S:
        """The least place that holds both."""
        ...

    def counted_as(self, spot: S, other: S) -> S:
        """The place in the units of another of the same item."""
        ...

    def middle(self, spots: Sequence[S]) -> S:
        """What several people's places come to; at least one is given."""
        ...


@dataclass(frozen=True, slots=True)
class RegionPart(Generic[S]):
    """One region: `str` of it is its key."""

    label: str
    spot: S

    def __str__(self) -> str:
        return f"{self.label} {self.spot}"

    @property
    def is_nothing(self) -> bool:
        """Whether it says that nothing is there."""
        return self.label == NOTHING

    def nothing(self) -> RegionPart[S]:
        """The same place without a region."""
        return RegionPart(NOTHING, self.spot)


@dataclass(frozen=True, slots=True)
class Keys(Generic[S]):
    """Keys of labels with regions of one shape."""

    shape: RegionShape[S]

    def part(self, text: str) -> RegionPart[S] | None:
        """The region that a line names; None for no such line."""
        result = self.shape.split(text)
        return None if result is None else RegionPart(*result)

    def parts(self, label: str) -> list[RegionPart[S]]:
        """The regions that a label names; lines that name none are left out."""
        result = (self.part(line) for line in self.lines(label))
        return [part for part in result if part is not None]

    def lines(self, label: str) -> list[str]:
        """The keys of an item's regions."""
        return [] if label == EMPTY else label.split("\n")

    def key(self, parts: Iterable[RegionPart[S]]) -> str:
        """The label of an item with these regions, in whatever order they come."""
        return "\n".join(sorted(map(str, parts))) or EMPTY

    def valid(self, label: str, schema: LabelSchema) -> bool:
        """Whether a control can carry this label, or this part of one."""
        result = [self.part(line) for line in self.lines(label)]
        return all(one is not None and (one.is_nothing or one.label in schema.classes) for one in result)

    def carries(self, label: str, part: str) -> bool:
        """Whether an item has the region; of one that says "nothing", whether nothing is there."""
        wanted = self.part(part)
        if wanted is None:
            return False
        if not wanted.is_nothing:
            return part in self.lines(label)
        return not any(self.overlap(one, wanted) >= SAME_PLACE for one in self.parts(label))

    def follows(self, label: str, given: str, part: str, before: str = "") -> bool:
        """Whether a label is as one in which `part` was put in the place of `given`.

        What overlapped a region that was removed, in the label `before`, may go on to do so.
        """
        old, new = self.part(given), self.part(part)
        if old is None or new is None or old.is_nothing or not new.is_nothing:
            return self.carries(label, part)
        if self.lines(label).count(given) >= max(1, self.lines(before).count(given)):
            return False
        others = self.lines(before)
        if given in others:
            others.remove(given)
        known = {str(one.spot) for one in map(self.part, others) if one is not None}
        near = (one for one in self.parts(label) if self.overlap(one, new) >= SAME_PLACE)
        return all(not before or str(one.spot) in known for one in near)

    def overlap(self, one: RegionPart[S], other: RegionPart[S]) -> float:
        """Of the places of two regions, 0..1."""
        return self.shape.overlap(one.spot, other.spot)

    def same_place(self, part: str, other: str) -> bool:
        """Whether two parts are about the same spot of their item."""
        one, two = self.part(part), self.part(other)
        return one is not None and two is not None and self.overlap(one, two) >= SAME_PLACE

    def replaced(self, label: str, given: str, part: str) -> str:
        """The label in which `part` stands in place of `given`."""
        lines = self.lines(label)
        new = self.part(part)
        if given in lines:
            lines.remove(given)
        return (
            "\n".join(sorted([*lines, *([part] if new is not None and not new.is_nothing else ())])) or EMPTY
        )
