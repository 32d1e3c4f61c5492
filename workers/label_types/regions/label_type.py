"""What the loop knows of label types whose labels are regions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from connector.model import LabelSchema, WriteMode
from connector.ports import Codec, PartsCodec
from workers.label_types.base import LabelTags
from workers.label_types.regions.keys import Keys
from workers.label_types.regions.merge import positions


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

    def positions(self, said: Mapping[str, str], given: str, quorum: int) -> Mapping[str, str]:
        """Answers that mean the same region agree."""
        del quorum
        return positions(self.keys, said, given)

    def parts(self, label: str) -> Sequence[str]:
        """The regions."""
        return self.keys.lines(label)

    def carries(self, label: str, part: str) -> bool:
        """Whether the region is there."""
        return self.keys.carries(label, part)

    def same_place(self, part: str, other: str) -> bool:
        """Whether they overlap by half."""
        return self.keys.same_place(part, other)
