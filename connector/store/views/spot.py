"""A few labels of each annotator to look at: drawn at random, the same all day."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from connector.model import Json, LabelStatus
from connector.store.tables import annotation_rows, items
from connector.store.unit_of_work import UnitOfWork
from connector.store.views.secrecy import Sight, of_settled_items

OF_EACH = 5
WINDOW = 4_000  # labels that are drawn from, of however many there are


@dataclass(frozen=True, slots=True)
class DrawnLabel:
    """A label that was drawn; what it says is read when it is shown."""

    id: int
    annotator: str


@dataclass(frozen=True, slots=True)
class SpotCheck:
    item: str
    data: Json
    annotator: str
    label: str
    updated_at: datetime


def drawn_labels(
    unit: UnitOfWork, project_id: int, sight: Sight, annotator: str | None = None
) -> list[DrawnLabel]:
    """Up to `OF_EACH` labels of each person, or of one, by person.

    They are read on from a place drawn by the day, and then from the start: people who labeled few items may
    be left out on some days, unless they are asked for.
    """
    start = _start(unit, project_id)
    window = WINDOW if annotator is None else OF_EACH
    labels: list[DrawnLabel] = []
    taken: Counter[str] = Counter()
    for low, high in ((start, None), (0, start)):
        for row in unit.connection.execute(_labels(project_id, sight, annotator, low, high, window)):
            taken[row.annotator] += 1
            if taken[row.annotator] <= OF_EACH:
                labels.append(DrawnLabel(row.id, row.annotator))
        if taken.total() >= window:
            break
    return sorted(labels, key=lambda each: each.annotator)


def spot_checks(unit: UnitOfWork, drawn: Sequence[DrawnLabel]) -> list[SpotCheck]:
    """What these labels say of which items, in the same order."""
    query = select(annotation_rows, items.c.remote_id.label("item"), items.c.data).join(
        items, items.c.id == annotation_rows.c.item_id
    )
    rows = unit.connection.execute(query.where(annotation_rows.c.id.in_([each.id for each in drawn])))
    result = {row.id: SpotCheck(row.item, row.data, row.annotator, row.label, row.updated_at) for row in rows}
    return [result[each.id] for each in drawn]


def _start(unit: UnitOfWork, project_id: int) -> int:
    of_present = (items.c.project_id == project_id, items.c.deleted_at.is_(None))
    # An aggregate a query: of both together SQLite reads every item of the project.
    lowest, highest = (select(end(items.c.id)).where(*of_present) for end in (func.min, func.max))
    first, last = (unit.connection.execute(query).scalar_one() for query in (lowest, highest))
    if first is None:
        return 0
    drawn = hashlib.sha256(f"{project_id} {unit.now.date()}".encode()).digest()
    return int(first) + int.from_bytes(drawn[:8], "big") % (int(last) - int(first) + 1)


def _labels(
    project_id: int, sight: Sight, annotator: str | None, low: int, high: int | None, window: int
) -> Select[Any]:
    """Valid labels of present items by item, at most `window`; of items asked about for operators alone."""
    # Of all people the items lead, of one person their own labels: each by an index in this order.
    order = items.c.id if annotator is None else annotation_rows.c.item_id
    query = (
        select(annotation_rows.c.id, annotation_rows.c.annotator)
        .join(items, items.c.id == annotation_rows.c.item_id)
        .where(
            items.c.project_id == project_id,
            items.c.deleted_at.is_(None),
            annotation_rows.c.deleted_at.is_(None),
            annotation_rows.c.status == LabelStatus.VALID.value,
            annotation_rows.c.marker.is_(None),  # a correction says nothing of who labeled
            annotation_rows.c.annotator.is_not(None)
            if annotator is None
            else annotation_rows.c.annotator == annotator,
            # Of both, though they are equal: PostgreSQL begins to read each where it is told to.
            *(column >= low for column in (items.c.id, annotation_rows.c.item_id)),
        )
    )
    if high is not None:
        query = query.where(order < high)
    if not sight.secrets:
        query = query.where(of_settled_items(items.c.id))
    return query.order_by(order).limit(window)
