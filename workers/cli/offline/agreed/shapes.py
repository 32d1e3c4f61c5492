"""What people agree on in a file, in one form whatever the labels are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from workers.cli.offline.kinds import FileKind
from workers.cli.offline.record import LeftOut


class OpenReason(StrEnum):
    """Why an item has no agreed answer; the words that people see."""

    FEW = "too few answers"
    TIED = "as many say something else"
    DISAGREED = "too few agree"
    APART = "the numbers lie too far apart"
    CLASS_OPEN = "a class is undecided"


@dataclass(frozen=True, slots=True)
class AgreedItem:
    """One item. `label` is a class, a list of classes, a number, or regions (see `regions`); None where
    `open_` says why there is none. `quality` is 0..1: the probability or the share that stands behind it.
    `agreed_by` names those who answered so (for regions: who has each, in the region)."""

    id: str
    place: str
    label: Any
    quality: float | None
    answers: int
    agreed_by: tuple[str, ...] = ()
    open_: OpenReason | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AgreementFigure:
    """How far people agree before anything is decided; the interval is over items."""

    name: str
    value: float
    low: float
    high: float
    items: int


@dataclass(frozen=True, slots=True)
class FileAgreement:
    """All of a file, in its order. `method` says how answers were weighed, `dropped` counts regions that
    too few people have."""

    kind: FileKind
    label_name: str
    items: tuple[AgreedItem, ...]
    figures: tuple[AgreementFigure, ...]
    method: str
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()
    dropped: int = 0

    @property
    def agreed(self) -> tuple[AgreedItem, ...]:
        """The items with an answer."""
        return tuple(item for item in self.items if item.open_ is None)

    @property
    def still_open(self) -> tuple[AgreedItem, ...]:
        """The items without one."""
        return tuple(item for item in self.items if item.open_ is not None)
