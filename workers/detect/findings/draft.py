"""A finding before it is stored: about a row or about none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connector.model import Json
from connector.model.findings import FindingKind
from connector.model.reasons import NotSearched

MOST = 2000  # findings of one kind that are listed; the total is told


@dataclass(frozen=True, slots=True)
class Draft:
    kind: FindingKind
    row: int | None
    subject: str
    score: float  # 0..1
    facts: Json
    item_id: int | None = None  # for items that are not among the rows


@dataclass(frozen=True, slots=True)
class KindFindings:
    """What one kind yielded: the worst first, at most `MOST`, and how many there were."""

    kind: FindingKind
    drafts: tuple[Draft, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Missing:
    """Why a kind was not looked for."""

    why: NotSearched


def kind_findings(kind: FindingKind, drafts: Sequence[Draft], total: int | None = None) -> KindFindings:
    return KindFindings(kind, tuple(drafts[:MOST]), len(drafts) if total is None else total)


def missing(why: NotSearched) -> Missing:
    return Missing(why)
