"""Everything that a project's items hold, as streams: for those who look at all of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from connector.model import Json, LabelStatus
from connector.store.repositories.base import Repository
from connector.store.tables import annotation_rows, items

STREAM_ROWS = 2000  # rows fetched at a time


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    item_id: int
    annotator: str | None
    label: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class UnusableAnswer:
    """An annotation that carries no label that can be judged."""

    item_id: int
    item: str  # the platform's id
    annotator: str | None
    label: str | None


class Content(Repository):
    def answers(self, project_id: int, *, divided: bool = False) -> Iterator[GivenAnswer]:
        """Every valid annotation by a person, by our id of the item; or those of items whose labels differ.

        A correction of ours is nobody's answer: beside the label that it corrects it would be a dispute.
        """
        standing = (
            *_standing(project_id),
            annotation_rows.c.status == LabelStatus.VALID.value,
            annotation_rows.c.marker.is_(None),
        )
        query = (
            select(
                annotation_rows.c.item_id,
                annotation_rows.c.annotator,
                annotation_rows.c.label,
                annotation_rows.c.updated_at,
            )
            .join(items, items.c.id == annotation_rows.c.item_id)
            .where(*standing)
            .order_by(items.c.id, annotation_rows.c.id)
        )
        if divided:
            labels = func.count(annotation_rows.c.label.distinct())
            differing = (
                select(annotation_rows.c.item_id)
                .join(items, items.c.id == annotation_rows.c.item_id)
                .where(*standing)
                .group_by(annotation_rows.c.item_id)
                .having(labels > 1)
            )
            query = query.where(annotation_rows.c.item_id.in_(differing))
        for row in self._connection.execute(query, execution_options={"yield_per": STREAM_ROWS}):
            yield GivenAnswer(*row)

    def data(self, project_id: int) -> Iterator[tuple[int, Json]]:
        """Our id and the data of every item, by our id."""
        query = (
            select(items.c.id, items.c.data)
            .where(items.c.project_id == project_id, items.c.deleted_at.is_(None))
            .order_by(items.c.id)
        )
        for row in self._connection.execute(query, execution_options={"yield_per": STREAM_ROWS}):
            yield row.id, row.data

    def unusable(self, project_id: int, status: LabelStatus, limit: int) -> list[UnusableAnswer]:
        """Annotations in a status, the latest first."""
        query = (
            select(
                annotation_rows.c.item_id,
                items.c.remote_id,
                annotation_rows.c.annotator,
                annotation_rows.c.label,
            )
            .join(items, items.c.id == annotation_rows.c.item_id)
            .where(*_standing(project_id), annotation_rows.c.status == status.value)
            .order_by(annotation_rows.c.updated_at.desc(), annotation_rows.c.id.desc())
            .limit(limit)
        )
        return [UnusableAnswer(*row) for row in self._connection.execute(query)]


def _standing(project_id: int) -> tuple[ColumnElement[bool], ...]:
    return (
        items.c.project_id == project_id,
        items.c.deleted_at.is_(None),
        annotation_rows.c.deleted_at.is_(None),
    )
