"""A few labels of each annotator to look at: drawn at random, the same all day."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from connector.model import Json, LabelStatus
from connector.store.tables import annotation_rows, items
from connector.store.unit_of_work import UnitOfWork
from connector.store.views.secrecy import Sight, of_settled_items

OF_EACH = 5
_OF_LABEL = (annotation_rows.c.annotator, annotation_rows.c.label, annotation_rows.c.updated_at)
WINDOW = 4_000  # labels that are read for it, of however many there are


@dataclass(frozen=True, slots=True)
class SpotCheck:
    item: str
    data: Json
    annotator: str
    label: str
    updated_at: datetime


def spot_checks(
    unit: UnitOfWork, project_id: int, sight: Sight, annotator: str | None = None
) -> list[SpotCheck]:
    """Up to `OF_EACH` labels of each person, or of one, by person.

    They are read on from a place drawn by the day, and then from the start: people who labeled few items may
    be left out on some days.
    """
    start = _start(unit, project_id)
    found: list[SpotCheck] = []
    taken: Counter[str] = Counter()
    for low, high in ((start, None), (0, start)):
        for row in unit.connection.execute(_labels(project_id, sight, annotator, low, high)):
            taken[row.annotator] += 1
            if taken[row.annotator] <= OF_EACH:
                found.append(SpotCheck(row.remote_id, row.data, row.annotator, row.label, row.updated_at))
        if taken.total() >= WINDOW:
            break
    return sorted(found, key=lambda one: one.annotator)


def _start(unit: UnitOfWork, project_id: int) -> int:
    of_present = (items.c.project_id == project_id, items.c.deleted_at.is_(None))
    # An aggregate a query: of both together SQLite reads every item of the project.
    lowest, highest = (select(end(items.c.id)).where(*of_present) for end in (func.min, func.max))
    first, last = (unit.connection.execute(query).scalar_one() for query in (lowest, highest))
    if first is None:
        return 0
    drawn = hashlib.sha256(f"{project_id} {unit.now.date()}".encode()).digest()
    return int(first) + int.from_bytes(drawn[:8], "big") % (int(last) - int(first) + 1)


def _labels(project_id: int, sight: Sight, annotator: str | None, low: int, high: int | None) -> Select[Any]:
    """Valid labels of present items by id, at most `WINDOW`; of items that are asked about for operators."""
    present = [items.c.project_id == project_id, items.c.deleted_at.is_(None), items.c.id >= low]
    valid = [
        annotation_rows.c.deleted_at.is_(None),
        annotation_rows.c.status == LabelStatus.VALID.value,
        annotation_rows.c.annotator.is_not(None),
    ]
    query = select(items.c.remote_id, items.c.data, *_OF_LABEL).join(
        annotation_rows, annotation_rows.c.item_id == items.c.id
    )
    query = query.where(*present, *valid)
    if high is not None:
        query = query.where(items.c.id < high)
    if annotator is not None:
        query = query.where(annotation_rows.c.annotator == annotator)
    if not sight.secrets:
        query = query.where(of_settled_items(items.c.id))
    return query.order_by(items.c.id).limit(WINDOW)
