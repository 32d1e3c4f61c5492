"""What the loop knows of label types whose labels are regions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from connector.model import LabelSchema, WriteMode
from connector.ports import Codec, PartsCodec
from workers.label_types.base import Frame, LabelTags
from workers.label_types.regions.keys import Keys
from workers.label_types.regions.known import expected, probes
from workers.label_types.regions.merge import positions, same_region

ELSEWHERE = "(at another place)"


class InParts:
    """What holds for all of them; a type adds its kind, its codecs, `detect` and `question`."""

    in_parts = True
    keys: Keys[Any]

    @property
    def codecs(self) -> Mapping[str, Codec]:
        """By platform."""
        raise NotImplementedError

    def valid(self, label: str, schema: LabelSchema) -> bool:
        """Whether the control can carry this label, or this part of one."""
        return self.keys.valid(label, schema)

    def write_mode(self, platform: str) -> WriteMode:
        """As the platform's codec says; in place where none is."""
        codec = self.codecs.get(platform)
        return codec.write_mode if isinstance(codec, PartsCodec) else WriteMode.UPDATE

    def classes(self, label: str) -> Sequence[str]:
        """None: rules for classes count items, and an item has many regions."""
        del label
        return ()

    def names(self, schema: LabelSchema, seen: Collection[str]) -> tuple[str, ...]:
        """The parts seen: there are too many to list."""
        del schema
        return tuple(sorted(seen))

    def numbers(self, labels: Sequence[str], schema: LabelSchema) -> None:
        """None: regions are no row of numbers."""
        del labels, schema

    def tags(self, texts: Sequence[str], labels: Sequence[str], schema: LabelSchema) -> LabelTags | None:
        """None, but for places in a text."""
        del texts, labels, schema
        return None

    def framed(self, given: str, suggested: str) -> Frame | None:
        """None, but for places in a picture."""
        del given, suggested
        return None

    def expected(self, truth: str, given: str) -> str:
        """The region that should be at the place, or that nothing should."""
        return expected(self.keys, truth, given)

    def alike(self, one: str, other: str) -> bool:
        """Whether they are of one class, at the same place."""
        first, second = self.keys.part(one), self.keys.part(other)
        return one == other if first is None or second is None else same_region(self.keys, first, second)

    def told_apart(self, one: str, other: str) -> tuple[str, str]:
        """Their classes; of one class, that the other is at another place."""
        first, second = (
            (part.label if part else text) for text in (one, other) for part in [self.keys.part(text)]
        )
        return first, second if first != second else f"{second} {ELSEWHERE}"

    def pooled(self, given: str, suggested: str) -> tuple[str, str]:
        """Their classes, and whether the place is in question: no two regions are at one place."""
        return self.told_apart(given, suggested)

    def probes(self, label: str, truth: str, schema: LabelSchema) -> Sequence[tuple[str, str]]:
        """Regions that are wrong or missing; where none is, right ones under another class, or doubted."""
        return probes(self.keys, label, truth, schema.classes)

    def positions(self, answers: Mapping[str, str], given: str, quorum: int) -> Mapping[str, str]:
        """Answers that mean the same region agree."""
        del quorum
        return positions(self.keys, answers, given)

    def parts(self, label: str) -> Sequence[str]:
        """The regions."""
        return self.keys.lines(label)

    def carries(self, label: str, part: str) -> bool:
        """Whether the region is there."""
        return self.keys.carries(label, part)

    def follows(self, label: str, given: str, part: str) -> bool:
        """Whether the region is there, or the given one is gone."""
        return self.keys.follows(label, given, part)

    def same_place(self, part: str, other: str) -> bool:
        """Whether they overlap by half."""
        return self.keys.same_place(part, other)
