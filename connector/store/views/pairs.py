"""Which classes are mixed up, and by whom: issues counted by pair of labels and by annotator."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, case, func, select

from connector.model import IssueKind, IssueState
from connector.store.tables import HAS_LONG_PAIR, HAS_SHORT_PAIR, issues
from connector.store.unit_of_work import UnitOfWork
from connector.store.views.secrecy import Sight, is_settled

MOST_PAIRS = 2_000


@dataclass(frozen=True, slots=True)
class PairVerdicts:
    """Flags that reviewers confirmed, refused, could not settle; and that wait (None: not shown)."""

    first: str  # the given label, or the annotator's id
    second: str  # the suggested label, or the annotator's name
    confirmed: int
    refused: int
    unresolved: int
    waiting: int | None

    @property
    def decided(self) -> int:
        return self.confirmed + self.refused


def pair_views(unit: UnitOfWork, project_id: int, sight: Sight) -> list[PairVerdicts]:
    """Pairs of given and suggested label of flags, the most frequent first; at most `MOST_PAIRS`."""
    keys = (issues.c.given, issues.c.suggested)
    query = select(func.count(), *keys, *_sums()).where(*_flags(project_id, sight)).group_by(*keys)
    query = query.order_by(func.count().desc(), *keys).limit(MOST_PAIRS)
    parts = (unit.connection.execute(query.where(part)) for part in (HAS_SHORT_PAIR, HAS_LONG_PAIR))
    rows = sorted((row for part in parts for row in part), key=lambda row: (-row[0], row[1], row[2]))
    return [_verdicts(row[1:], sight) for row in rows[:MOST_PAIRS]]


def annotator_views(unit: UnitOfWork, project_id: int, sight: Sight) -> list[PairVerdicts]:
    """The same by who gave the label, those with most flags first."""
    names = unit.projects.annotator_names(project_id)
    query = (
        select(issues.c.annotator, issues.c.annotator.label("second"), *_sums())
        .where(*_flags(project_id, sight), issues.c.annotator.is_not(None))
        .group_by(issues.c.annotator)
        .order_by(func.count().desc(), issues.c.annotator)
        .limit(MOST_PAIRS)
    )
    result = [_verdicts(row, sight) for row in unit.connection.execute(query)]
    return [replace(each, second=names.get(each.first, each.first)) for each in result]


def _flags(project_id: int, sight: Sight) -> list[ColumnElement[bool]]:
    flags = [issues.c.project_id == project_id, issues.c.kind == IssueKind.LABEL_ERROR.value]
    return flags if sight.secrets else [*flags, is_settled()]


def _sums() -> list[ColumnElement[Any]]:
    def of(*states: IssueState) -> ColumnElement[Any]:
        return func.sum(case((issues.c.state.in_([state.value for state in states]), 1), else_=0))

    waiting = (IssueState.OPEN, IssueState.IN_REVIEW, IssueState.SUPPRESSED)
    return [
        of(IssueState.ACCEPTED),
        of(IssueState.REJECTED),
        of(IssueState.UNRESOLVED),
        of(*waiting),
    ]


def _verdicts(row: Any, sight: Sight) -> PairVerdicts:
    first, second, *sums, waiting = row
    confirmed, refused, unresolved = map(int, sums)
    shown = int(waiting) if sight.secrets else None
    return PairVerdicts(str(first), str(second), confirmed, refused, unresolved, shown)
