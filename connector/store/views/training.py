"""Read model of labels as people train on them: items in order, with what reviews came to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from connector.model import CorrectionState, DispositionState, IssueState, Outcome, WriteMode
from connector.store.repositories.base import chunks
from connector.store.repositories.places import place_of
from connector.store.tables import annotation_rows, corrections, decisions, dispositions, issues, items
from connector.store.unit_of_work import UnitOfWork

AT_ONCE = 1000  # items read at a time


@dataclass(frozen=True, slots=True)
class ReviewedPart:
    """What reviews came to for one item, or one part of it (`place`).

    `outcome`, `label` and `probability` are of the decision that stands, None where there is none;
    `correction` is the state of its correction, written by `mode`; `quality` is that of the issue.
    """

    place: str
    given: str
    state: IssueState
    quality: float
    outcome: Outcome | None
    label: str | None
    probability: float | None
    reason: str | None
    decided_at: datetime | None
    correction: CorrectionState | None
    mode: WriteMode | None = None


@dataclass(frozen=True, slots=True)
class TrainingItem:
    """One item. `label` is the one that it carries, None for one without a usable label.

    `answers` are the labels of all valid annotations, `result` the carried one as the platform holds it.
    `set_aside` maps the lists on which it stands to the labels named there.
    """

    item: str  # the platform's id
    data: Mapping[str, Any]
    label: str | None
    answers: tuple[str, ...]
    result: Any
    parts: tuple[ReviewedPart, ...]
    set_aside: Mapping[str, tuple[str, ...]]


def training_items(unit: UnitOfWork, project_id: int) -> Iterator[TrainingItem]:
    """Every item that is not deleted, in the order of first sight; page by page, by key."""
    after = 0
    while True:
        rows = unit.connection.execute(
            select(items.c.id, items.c.remote_id, items.c.data)
            .where(items.c.project_id == project_id, items.c.deleted_at.is_(None), items.c.id > after)
            .order_by(items.c.id)
            .limit(AT_ONCE)
        ).all()
        if not rows:
            return
        after = rows[-1].id
        ids = [row.id for row in rows]
        labelled = {one.item_id: one for one in unit.items.labelled(project_id, between=(ids[0], ids[-1]))}
        results = _results(unit, [one.annotation_id for one in labelled.values()])
        parts, set_aside = _parts(unit, ids), _set_aside(unit, ids)
        for row in rows:
            one = labelled.get(row.id)
            yield TrainingItem(
                row.remote_id,
                row.data,
                None if one is None else one.label,
                () if one is None else (one.label, *(label for _, label in one.others)),
                None if one is None else results.get(one.annotation_id),
                tuple(parts.get(row.id, ())),
                set_aside.get(row.id, {}),
            )


def _results(unit: UnitOfWork, annotation_ids: list[int]) -> dict[int, Any]:
    result: dict[int, Any] = {}
    for part in chunks(annotation_ids):
        query = select(annotation_rows.c.id, annotation_rows.c.result).where(annotation_rows.c.id.in_(part))
        result.update({row.id: row.result for row in unit.connection.execute(query)})
    return result


def _parts(unit: UnitOfWork, item_ids: list[int]) -> dict[int, list[ReviewedPart]]:
    """Of each place the issue that was decided last, else the one that is open."""
    newest: dict[tuple[int, str, str], tuple[tuple[bool, Any, str], ReviewedPart]] = {}
    for part in chunks(item_ids):
        query = (
            select(
                issues.c.id,
                issues.c.item_id,
                issues.c.control,
                issues.c.place,
                issues.c.given,
                issues.c.state,
                issues.c.quality,
                issues.c.created_at,
                decisions.c.outcome,
                decisions.c.label,
                decisions.c.probability,
                decisions.c.reason,
                decisions.c.decided_at,
                corrections.c.state.label("correction"),
                corrections.c.mode,
            )
            .outerjoin(decisions, (decisions.c.issue_id == issues.c.id) & decisions.c.superseded_at.is_(None))
            .outerjoin(corrections, corrections.c.decision_id == decisions.c.id)
            .where(issues.c.item_id.in_(part))
        )
        for row in unit.connection.execute(query):
            key = row.item_id, row.control, row.place
            rank = (row.outcome is not None, row.decided_at or row.created_at, row.id)
            if key not in newest or newest[key][0] < rank:
                newest[key] = rank, _part(row)
    result: dict[int, list[ReviewedPart]] = defaultdict(list)
    for (item_id, _, _), (_, one) in sorted(newest.items()):
        result[item_id].append(one)
    return result


def _part(row: Any) -> ReviewedPart:
    return ReviewedPart(
        place_of(row),
        row.given,
        IssueState(row.state),
        row.quality,
        None if row.outcome is None else Outcome(row.outcome),
        row.label,
        row.probability,
        row.reason,
        row.decided_at,
        None if row.correction is None else CorrectionState(row.correction),
        None if row.mode is None else WriteMode(row.mode),
    )


def _set_aside(unit: UnitOfWork, item_ids: list[int]) -> dict[int, dict[str, tuple[str, ...]]]:
    result: dict[int, dict[str, tuple[str, ...]]] = defaultdict(dict)
    for part in chunks(item_ids):
        query = (
            select(dispositions.c.item_id, dispositions.c.kind, dispositions.c.labels)
            .where(dispositions.c.item_id.in_(part), dispositions.c.state == DispositionState.OPEN.value)
            .order_by(dispositions.c.decided_at, dispositions.c.id)
        )
        for row in unit.connection.execute(query):
            result[row.item_id][row.kind] = tuple(row.labels)
    return result
