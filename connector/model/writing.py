"""What is written back, and what a write touched."""

from __future__ import annotations

from dataclasses import dataclass

from connector.model.kinds import WriteMode
from connector.model.platform import ItemRef, Json


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


@dataclass(frozen=True, slots=True)
class WriteRecord:
    """What a write touched: enough to show it and to undo it. `before` and `after` are raw."""

    remote_id: str
    before: Json
    after: Json
