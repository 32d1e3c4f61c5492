"""What is written back, and what a write touched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from connector.model.kinds import WriteMode
from connector.model.platform import ItemRef, Json, WriteOrigin

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class WriteOrder:
    """One correction as the platform should carry it out. `marker` makes it findable again."""

    marker: str
    mode: WriteMode
    item: ItemRef
    annotation_id: str
    expected_label: str
    label: str
    score: float | None
    before: Json | None = None  # what an earlier try of it has journaled
    installation: str = ""
    issue: str = ""

    @property
    def origin(self) -> WriteOrigin | None:
        """What the mark says of it, where it is known whose and about what it is."""
        if not self.installation or not self.issue:
            return None
        return WriteOrigin(
            self.installation,
            self.issue,
            self.item.remote_id,
            self.annotation_id,
            self.mode,
            self.expected_label,
            self.label,
        )


@dataclass(frozen=True, slots=True)
class WriteRecord:
    """What a write touched: enough to show it and to undo it. `before` and `after` are raw."""

    remote_id: str
    before: Json
    after: Json


def one_and_doubles(
    marked: Sequence[T], record: WriteRecord, id_of: Callable[[T], str]
) -> tuple[T | None, list[T]]:
    """Of what carries one marker: what stays, and the rest.

    What the record names stays, or else the first: after a restore it may stand under another id alone.
    """
    named = [one for one in marked if id_of(one) == record.remote_id]
    kept = next(iter(named or marked), None)
    return kept, [one for one in marked if one is not kept]
