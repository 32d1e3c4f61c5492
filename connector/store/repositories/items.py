"""Items with their annotations and predictions, as last seen on the platform."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import Text, and_, cast, distinct, func, or_, select, update
from sqlalchemy.sql import Select

from connector.model import (
    CorrectionState,
    Item,
    ItemRef,
    LabelledItem,
    LabelStatus,
    Prediction,
    WriteMode,
)
from connector.model.carried import GivenLabel, carried
from connector.store.repositories.base import Repository, chunks
from connector.store.repositories.pages import PageChange, Pages, Stamps, still_older
from connector.store.tables import annotation_rows, corrections, issues, items, predictions

__all__ = ["Items", "PageChange", "Stamps", "still_older"]

# Of an annotation, without what the platform stores in it: that is large, and would be parsed for nothing.
GIVEN = ("id", "remote_id", "label_version", "annotator", "label", "ground_truth", "created_at", "updated_at")
STREAM_ROWS = 2000  # rows fetched at a time when a whole project is read


class StoredAnnotation(NamedTuple):
    """An annotation in short, as it is stored."""

    id: int
    label_version: int
    updated_at: datetime


class LostEdit(NamedTuple):
    """What somebody had made of an annotation of ours that is gone."""

    item_id: int
    remote_id: str
    updated_by: str
    label: str | None


@dataclass(frozen=True, slots=True)
class LabelStatuses:
    """`counts` of annotations by status, with the items that have none as `not_annotated`; how many items
    are `labelled`, by one valid annotation at least."""

    counts: dict[str, int]
    labelled: int


class Items(Repository):
    def apply(self, project_id: int, page: Sequence[Item], *, again: bool = False) -> PageChange:
        """Make the store equal to what the platform said of these items. Repeating it changes nothing.

        Data are looked at only where an item's stamp moved; `again`: everywhere, for what a changed setting
        has the platform asked for.

        What is older than the stored state is left out. An item that was created later than the stored
        one of the same id is another item under a reused id: the old one counts as deleted.
        """
        return Pages(self._connection, self._now, again=again).apply(project_id, page)

    def newest(self, project_id: int, limit: int) -> dict[ItemRef, datetime]:
        """The items that changed last on the platform, as far as they are stored, and when."""
        query = (
            select(items.c.remote_id, items.c.remote_created_at, items.c.remote_updated_at)
            .where(items.c.project_id == project_id, items.c.deleted_at.is_(None))
            .order_by(items.c.remote_updated_at.desc())
            .limit(limit)
        )
        rows = self._connection.execute(query)
        return {ItemRef(row.remote_id, row.remote_created_at): row.remote_updated_at for row in rows}

    def rewind(self, project_id: int, page: Sequence[Item], older: Mapping[str, Stamps]) -> None:
        """Let the next `apply` believe what the platform says of these items now, though it is older."""
        Pages(self._connection, self._now).rewind(project_id, page, older)

    def refs(self, project_id: int) -> dict[str, tuple[int, ItemRef]]:
        """Every item that is not deleted: remote id → our id and its identity."""
        rows = self._connection.execute(
            select(items.c.id, items.c.remote_id, items.c.remote_created_at).where(
                items.c.project_id == project_id, items.c.deleted_at.is_(None)
            )
        )
        return {row.remote_id: (row.id, ItemRef(row.remote_id, row.remote_created_at)) for row in rows}

    def ids_of(self, remote_ids: Sequence[str], project_id: int) -> list[int]:
        """Our ids of these items, as far as they are known and not deleted."""
        result: list[int] = []
        for part in chunks(remote_ids):
            query = select(items.c.id).where(
                items.c.project_id == project_id,
                self._among(items.c.remote_id, part),
                items.c.deleted_at.is_(None),
            )
            result.extend(self._connection.execute(query).scalars())
        return result

    def ids_by_remote(self, project_id: int, remote_ids: Sequence[str]) -> dict[str, int]:
        """The platform's id → ours, of items that are known and not deleted."""
        result: dict[str, int] = {}
        for part in chunks(sorted(set(remote_ids))):
            query = select(items.c.remote_id, items.c.id).where(
                items.c.project_id == project_id,
                self._among(items.c.remote_id, part),
                items.c.deleted_at.is_(None),
            )
            result.update({row.remote_id: row.id for row in self._connection.execute(query)})
        return result

    def remote_ids_of_annotations(self, project_id: int, annotation_ids: Sequence[str]) -> list[str]:
        """Remote ids of the items that these annotations belong to, as far as they are known."""
        result: set[str] = set()
        for part in chunks(annotation_ids):
            query = (
                select(items.c.remote_id)
                .join(annotation_rows, annotation_rows.c.item_id == items.c.id)
                .where(items.c.project_id == project_id, self._among(annotation_rows.c.remote_id, part))
            )
            result.update(self._connection.execute(query).scalars())
        return sorted(result)

    def mark_deleted(self, item_ids: Sequence[int]) -> None:
        for part in chunks(item_ids):
            self._connection.execute(
                update(items)
                .where(self._among(items.c.id, part), items.c.deleted_at.is_(None))
                .values(deleted_at=self._now)
            )

    def ref(self, item_id: int) -> ItemRef:
        row = self._connection.execute(
            select(items.c.remote_id, items.c.remote_created_at).where(items.c.id == item_id)
        ).one()
        return ItemRef(row.remote_id, row.remote_created_at)

    def annotation_remote_id(self, annotation_id: int) -> str:
        result: str = self._connection.execute(
            select(annotation_rows.c.remote_id).where(annotation_rows.c.id == annotation_id)
        ).scalar_one()
        return result

    def annotations_of(self, item_id: int) -> dict[str, StoredAnnotation]:
        """Every annotation that the item has or had, by the platform's id."""
        columns = (annotation_rows.c[name] for name in ("remote_id", *StoredAnnotation._fields))
        rows = self._connection.execute(select(*columns).where(annotation_rows.c.item_id == item_id))
        return {row.remote_id: StoredAnnotation(*row[1:]) for row in rows}

    def edits_lost(self, item_ids: Sequence[int], service_user: str) -> list[LostEdit]:
        """Annotations of ours that somebody else had saved and that this transaction saw deleted."""
        query = select(*(annotation_rows.c[name] for name in LostEdit._fields)).where(
            annotation_rows.c.deleted_at == self._now,
            annotation_rows.c.annotator == service_user,
            annotation_rows.c.updated_by != service_user,
        )
        parts = (query.where(self._among(annotation_rows.c.item_id, part)) for part in chunks(item_ids))
        return [LostEdit(*row) for part in parts for row in self._connection.execute(part)]

    def annotators_of(self, item_id: int) -> set[str]:
        """Everyone who labelled this item in the source project."""
        rows = self._connection.execute(
            select(annotation_rows.c.annotator).where(
                annotation_rows.c.item_id == item_id, annotation_rows.c.deleted_at.is_(None)
            )
        )
        return {row.annotator for row in rows if row.annotator is not None}

    def labelled(
        self,
        project_id: int,
        item_ids: Sequence[int] | None = None,
        *,
        between: tuple[int, int] | None = None,
    ) -> Iterator[LabelledItem]:
        """Items with at least one valid label, by our id; all, some, or a range of the project."""
        query = (
            select(
                items.c.id.label("item_id"),
                items.c.remote_id.label("item_remote_id"),
                *(annotation_rows.c[name] for name in GIVEN),
            )
            .join(annotation_rows, annotation_rows.c.item_id == items.c.id)
            .where(
                items.c.project_id == project_id,
                items.c.deleted_at.is_(None),
                annotation_rows.c.deleted_at.is_(None),
                annotation_rows.c.status == LabelStatus.VALID.value,
            )
            .order_by(items.c.id, annotation_rows.c.created_at, annotation_rows.c.id)
        )
        if between is not None:
            query = query.where(items.c.id.between(*between))
        corrected = _corrected_in_place(project_id)
        if between is not None:
            corrected = corrected.where(corrections.c.item_id.between(*between))
        if item_ids is None:
            yield from self._grouped(query, corrected)
            return
        for part in chunks(sorted(item_ids)):
            yield from self._grouped(
                query.where(self._among(items.c.id, part)),
                corrected.where(self._among(corrections.c.item_id, part)),
            )

    def _grouped(self, query: Select[Any], corrected: Select[Any]) -> Iterator[LabelledItem]:
        in_place = set(self._connection.execute(corrected).scalars())
        # For this statement only: set on the connection, it would make writes fail on PostgreSQL.
        rows = self._connection.execute(query, execution_options={"yield_per": STREAM_ROWS})
        for _, group in groupby(rows, key=lambda row: row.item_id):
            yield _labelled(list(group), in_place)

    def data(self, item_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
        result: dict[int, dict[str, Any]] = {}
        for part in chunks(item_ids):
            query = select(items.c.id, items.c.data).where(self._among(items.c.id, part))
            result.update({row.id: row.data for row in self._connection.execute(query)})
        return result

    def predicted(self, item_ids: Sequence[int], model_version: str) -> dict[int, Prediction]:
        """The newest prediction of one model version for each of these items that has one."""
        result: dict[int, Prediction] = {}
        for part in chunks(item_ids):
            query = (
                select(predictions)
                .where(self._among(predictions.c.item_id, part), predictions.c.model_version == model_version)
                .order_by(predictions.c.updated_at, predictions.c.id)
            )
            result.update({row.item_id: _prediction(row) for row in self._connection.execute(query)})
        return result

    def model_versions(self, item_ids: Sequence[int]) -> set[str]:
        """Versions of the models that have predictions of these items."""
        result: set[str] = set()
        for part in chunks(item_ids):
            query = select(predictions.c.model_version).where(self._among(predictions.c.item_id, part))
            result.update(self._connection.execute(query.distinct()).scalars())
        return result

    def newest_model_version(self, project_id: int) -> str | None:
        """The model version of the project's latest prediction that says something of the label, if any does.

        Others are of a model for another control.
        """
        latest = (
            select(predictions.c.model_version)
            .join(items, items.c.id == predictions.c.item_id)
            .where(items.c.project_id == project_id, items.c.deleted_at.is_(None))
            .order_by(predictions.c.updated_at.desc(), predictions.c.id.desc())
            .limit(1)
        )
        speaks = or_(predictions.c.label.is_not(None), cast(predictions.c.class_scores, Text) != "{}")
        version = self._connection.execute(latest.where(speaks)).scalar_one_or_none()
        return version if version is not None else self._connection.execute(latest).scalar_one_or_none()

    def count(self, project_id: int) -> int:
        return int(
            self._connection.execute(
                select(func.count())
                .select_from(items)
                .where(items.c.project_id == project_id, items.c.deleted_at.is_(None))
            ).scalar_one()
        )

    def label_counts(self, project_id: int) -> dict[str, int]:
        """How many valid annotations carry each label; not those beside which a correction stands."""
        corrected = select(corrections.c.annotation_id).where(
            corrections.c.project_id == project_id,
            corrections.c.state == CorrectionState.APPLIED.value,
            corrections.c.mode == WriteMode.GROUND_TRUTH.value,
        )
        rows = self._connection.execute(
            select(annotation_rows.c.label, func.count())
            .join(items, items.c.id == annotation_rows.c.item_id)
            .where(
                items.c.project_id == project_id,
                items.c.deleted_at.is_(None),
                annotation_rows.c.deleted_at.is_(None),
                annotation_rows.c.status == LabelStatus.VALID.value,
                annotation_rows.c.id.not_in(corrected),
            )
            .group_by(annotation_rows.c.label)
        )
        return {label: int(n) for label, n in rows}

    def label_statuses(self, project_id: int) -> LabelStatuses:
        """How many annotations stand in each status, counted in one pass over the items."""
        row_of = and_(annotation_rows.c.item_id == items.c.id, annotation_rows.c.deleted_at.is_(None))
        rows = self._connection.execute(
            select(
                annotation_rows.c.status,
                func.count().label("n"),
                func.count(distinct(items.c.id)).label("n_items"),
            )
            .select_from(items.outerjoin(annotation_rows, row_of))
            .where(items.c.project_id == project_id, items.c.deleted_at.is_(None))
            .group_by(annotation_rows.c.status)
        ).all()
        counts = {"not_annotated": 0} | {row.status or "not_annotated": int(row.n) for row in rows}
        labelled = (int(row.n_items) for row in rows if row.status == LabelStatus.VALID.value)
        return LabelStatuses(counts, next(labelled, 0))


def _prediction(row: Any) -> Prediction:
    return Prediction(
        remote_id=row.remote_id,
        model_version=row.model_version,
        label=row.label,
        score=row.score,
        class_scores=row.class_scores,
        updated_at=row.updated_at,
    )


def _corrected_in_place(project_id: int) -> Select[Any]:
    """Annotations in which a correction stands: a whole label that somebody changed since is theirs."""
    stands = or_(issues.c.place != "", annotation_rows.c.label == corrections.c.label)
    return (
        select(corrections.c.annotation_id)
        .join(issues, issues.c.id == corrections.c.issue_id)
        .join(annotation_rows, annotation_rows.c.id == corrections.c.annotation_id)
        .where(
            corrections.c.project_id == project_id,
            corrections.c.state == CorrectionState.APPLIED.value,
            corrections.c.mode == WriteMode.UPDATE.value,
            stands,
        )
    )


def _labelled(rows: list[Any], corrected: Set[int]) -> LabelledItem:
    labels = [
        GivenLabel(
            annotation_id=row.id,
            annotation_remote_id=row.remote_id,
            label_version=row.label_version,
            annotator=row.annotator,
            label=row.label,
            ground_truth=row.ground_truth,
            created_at=row.created_at,
            updated_at=row.updated_at,
            corrected=row.id in corrected,
        )
        for row in rows
    ]
    chosen = carried(labels)
    others = tuple(
        (one.annotator or "unknown", one.label) for one in labels if one.annotation_id != chosen.annotation_id
    )
    return LabelledItem(
        item_id=rows[0].item_id,
        remote_id=rows[0].item_remote_id,
        annotation_id=chosen.annotation_id,
        annotation_remote_id=chosen.annotation_remote_id,
        label_version=chosen.label_version,
        label=chosen.label,
        annotator=chosen.annotator,
        updated_at=chosen.updated_at,
        others=others,
    )
