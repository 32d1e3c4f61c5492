"""Items with their annotations and predictions, as last seen on the platform."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.sql import Select

from connector.labels import GivenLabel, carried
from connector.model import Annotation, Item, ItemRef, LabelledItem, LabelStatus, Prediction
from connector.store.repositories.base import Repository, chunks
from connector.store.tables import annotation_rows, items, predictions

STREAM_ROWS = 2000  # rows fetched at a time when a whole project is read


@dataclass
class PageChange:
    """What a page changed. `relabelled` are our ids of items whose set of labels is another now."""

    new: int = 0
    changed: int = 0
    relabelled: set[int] = field(default_factory=set)

    def add(self, other: PageChange) -> None:
        self.new += other.new
        self.changed += other.changed
        self.relabelled |= other.relabelled


class Items(Repository):
    def apply(self, project_id: int, page: Sequence[Item]) -> PageChange:
        """Make the store equal to what the platform said of these items. Repeating it changes nothing.

        An item whose `created_at` differs from the stored one's is another item under a reused id: the
        old one counts as deleted.
        """
        change = PageChange()
        latest = {item.remote_id: item for item in page}  # a page may hold an item twice
        ids = self._apply_items(project_id, latest, change)
        pairs = [(ids[remote_id], item) for remote_id, item in latest.items() if remote_id in ids]
        for part in chunks(pairs):
            self._apply_annotations(dict(part), change)
            self._apply_predictions(dict(part))
        return change

    def _apply_items(self, project_id: int, latest: dict[str, Item], change: PageChange) -> dict[str, int]:
        ids: dict[str, int] = {}
        fresh: list[dict[str, Any]] = []
        for part in chunks(list(latest)):
            known = {}
            query = select(items).where(items.c.project_id == project_id, items.c.remote_id.in_(part))
            for row in self._connection.execute(query):
                if row.remote_created_at == latest[row.remote_id].created_at:
                    known[row.remote_id] = row
                elif row.deleted_at is None:
                    self._delete([row.id])
                    change.relabelled.add(row.id)
            for remote_id in part:
                item, old = latest[remote_id], known.get(remote_id)
                if old is None:
                    fresh.append(_item_values(project_id, item))
                elif old.remote_updated_at <= item.updated_at:  # else a newer state is stored already
                    ids[remote_id] = old.id
                    self._update_item(project_id, old, item, change)
        if fresh:
            made = self._connection.execute(insert(items).returning(items.c.id, items.c.remote_id), fresh)
            ids.update({row.remote_id: row.id for row in made})
            change.new += len(fresh)
        return ids

    def _update_item(self, project_id: int, old: Any, item: Item, change: PageChange) -> None:
        if old.remote_updated_at == item.updated_at and old.deleted_at is None:
            return
        self._connection.execute(
            update(items).where(items.c.id == old.id).values(_item_values(project_id, item))
        )
        change.changed += 1
        if old.deleted_at is not None:
            change.relabelled.add(old.id)

    def _apply_annotations(self, page: dict[int, Item], change: PageChange) -> None:
        stored: dict[tuple[int, str], Any] = {
            (row.item_id, row.remote_id): row
            for row in self._connection.execute(
                select(annotation_rows).where(annotation_rows.c.item_id.in_(list(page)))
            )
        }
        fresh: list[dict[str, Any]] = []
        for item_id, item in page.items():
            for annotation in item.annotations:
                row = stored.pop((item_id, annotation.remote_id), None)
                values = _annotation_values(item_id, annotation)
                if row is None:
                    fresh.append(values | {"label_version": 1})
                    change.relabelled.add(item_id)
                elif any(getattr(row, name) != value for name, value in values.items()):
                    self._update_annotation(row, values, change)
        gone = [row for row in stored.values() if row.deleted_at is None]
        if gone:
            self._connection.execute(
                update(annotation_rows)
                .where(annotation_rows.c.id.in_([row.id for row in gone]))
                .values(deleted_at=self._now)
            )
            change.relabelled.update(row.item_id for row in gone)
        if fresh:
            self._connection.execute(insert(annotation_rows), fresh)

    def _update_annotation(self, row: Any, values: dict[str, Any], change: PageChange) -> None:
        relabelled = (row.label, row.status) != (values["label"], values["status"])
        counts = ("label", "status", "ground_truth", "deleted_at")
        if any(getattr(row, name) != values[name] for name in counts):
            change.relabelled.add(row.item_id)
        self._connection.execute(
            update(annotation_rows)
            .where(annotation_rows.c.id == row.id)
            .values(values | {"label_version": row.label_version + int(relabelled)})
        )

    def _apply_predictions(self, page: dict[int, Item]) -> None:
        stored: dict[tuple[int, str], Any] = {
            (row.item_id, row.remote_id): row
            for row in self._connection.execute(
                select(predictions).where(predictions.c.item_id.in_(list(page)))
            )
        }
        fresh: list[dict[str, Any]] = []
        for item_id, item in page.items():
            for prediction in item.predictions:
                row = stored.pop((item_id, prediction.remote_id), None)
                values = _prediction_values(item_id, prediction)
                if row is None:
                    fresh.append(values)
                elif row.updated_at != prediction.updated_at:
                    self._connection.execute(
                        update(predictions).where(predictions.c.id == row.id).values(values)
                    )
        if stored:
            self._connection.execute(
                delete(predictions).where(predictions.c.id.in_([row.id for row in stored.values()]))
            )
        if fresh:
            self._connection.execute(insert(predictions), fresh)

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
        found: list[int] = []
        for part in chunks(remote_ids):
            query = select(items.c.id).where(
                items.c.project_id == project_id, items.c.remote_id.in_(part), items.c.deleted_at.is_(None)
            )
            found.extend(self._connection.execute(query).scalars())
        return found

    def remote_ids_of_annotations(self, project_id: int, annotation_ids: Sequence[str]) -> list[str]:
        """Remote ids of the items that these annotations belong to, as far as they are known."""
        found: set[str] = set()
        for part in chunks(annotation_ids):
            query = (
                select(items.c.remote_id)
                .join(annotation_rows, annotation_rows.c.item_id == items.c.id)
                .where(items.c.project_id == project_id, annotation_rows.c.remote_id.in_(part))
            )
            found.update(self._connection.execute(query).scalars())
        return sorted(found)

    def mark_deleted(self, item_ids: Sequence[int]) -> None:
        self._delete(item_ids)

    def ref(self, item_id: int) -> ItemRef:
        row = self._connection.execute(select(items).where(items.c.id == item_id)).one()
        return ItemRef(row.remote_id, row.remote_created_at)

    def annotation_remote_id(self, annotation_id: int) -> str:
        found: str = self._connection.execute(
            select(annotation_rows.c.remote_id).where(annotation_rows.c.id == annotation_id)
        ).scalar_one()
        return found

    def annotators_of(self, item_id: int) -> set[str]:
        """Everyone who labelled this item in the source project."""
        rows = self._connection.execute(
            select(annotation_rows.c.annotator).where(
                annotation_rows.c.item_id == item_id, annotation_rows.c.deleted_at.is_(None)
            )
        )
        return {row.annotator for row in rows if row.annotator is not None}

    def labelled(self, project_id: int, item_ids: Sequence[int] | None = None) -> Iterator[LabelledItem]:
        """Items with at least one valid label, by our id; all, or some of the project."""
        query = (
            select(
                items.c.id.label("item_id"),
                items.c.remote_id.label("item_remote_id"),
                annotation_rows,
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
        if item_ids is None:
            yield from self._grouped(query)
            return
        for part in chunks(sorted(item_ids)):
            yield from self._grouped(query.where(items.c.id.in_(part)))

    def _grouped(self, query: Select[Any]) -> Iterator[LabelledItem]:
        rows = self._connection.execution_options(yield_per=STREAM_ROWS).execute(query)
        for _, group in groupby(rows, key=lambda row: row.item_id):
            yield _labelled(list(group))

    def data(self, item_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
        found: dict[int, dict[str, Any]] = {}
        for part in chunks(item_ids):
            query = select(items.c.id, items.c.data).where(items.c.id.in_(part))
            found.update({row.id: row.data for row in self._connection.execute(query)})
        return found

    def predicted(self, item_ids: Sequence[int], model_version: str) -> dict[int, Prediction]:
        """The newest prediction of one model version for each of these items that has one."""
        found: dict[int, Prediction] = {}
        for part in chunks(item_ids):
            query = (
                select(predictions)
                .where(predictions.c.item_id.in_(part), predictions.c.model_version == model_version)
                .order_by(predictions.c.updated_at, predictions.c.id)
            )
            found.update({row.item_id: _prediction(row) for row in self._connection.execute(query)})
        return found

    def newest_model_version(self, project_id: int) -> str | None:
        """The model version of the project's latest prediction."""
        return self._connection.execute(
            select(predictions.c.model_version)
            .join(items, items.c.id == predictions.c.item_id)
            .where(items.c.project_id == project_id, items.c.deleted_at.is_(None))
            .order_by(predictions.c.updated_at.desc(), predictions.c.id.desc())
            .limit(1)
        ).scalar_one_or_none()

    def count(self, project_id: int) -> int:
        return int(
            self._connection.execute(
                select(func.count())
                .select_from(items)
                .where(items.c.project_id == project_id, items.c.deleted_at.is_(None))
            ).scalar_one()
        )

    def label_statuses(self, project_id: int) -> dict[str, int]:
        """How many annotations stand in each status, and how many items have none at all."""
        rows = self._connection.execute(
            select(annotation_rows.c.status, func.count())
            .join(items, items.c.id == annotation_rows.c.item_id)
            .where(
                items.c.project_id == project_id,
                items.c.deleted_at.is_(None),
                annotation_rows.c.deleted_at.is_(None),
            )
            .group_by(annotation_rows.c.status)
        )
        counts = {status: int(n) for status, n in rows}
        annotated = select(annotation_rows.c.item_id).where(annotation_rows.c.deleted_at.is_(None))
        counts["not_annotated"] = int(
            self._connection.execute(
                select(func.count())
                .select_from(items)
                .where(
                    items.c.project_id == project_id,
                    items.c.deleted_at.is_(None),
                    items.c.id.not_in(annotated),
                )
            ).scalar_one()
        )
        return counts

    def _delete(self, item_ids: Sequence[int]) -> None:
        for part in chunks(item_ids):
            self._connection.execute(update(items).where(items.c.id.in_(part)).values(deleted_at=self._now))


def _item_values(project_id: int, item: Item) -> dict[str, Any]:
    return {
        "project_id": project_id,
        "remote_id": item.remote_id,
        "remote_created_at": item.created_at,
        "remote_updated_at": item.updated_at,
        "data": dict(item.data),
        "deleted_at": None,
    }


def _annotation_values(item_id: int, annotation: Annotation) -> dict[str, Any]:
    return {
        "item_id": item_id,
        "remote_id": annotation.remote_id,
        "annotator": annotation.annotator,
        "label": annotation.label,
        "status": annotation.status.value,
        "result": list(annotation.result),
        "created_at": annotation.created_at,
        "updated_at": annotation.updated_at,
        "updated_by": annotation.updated_by,
        "ground_truth": annotation.ground_truth,
        "marker": annotation.marker,
        "deleted_at": None,
    }


def _prediction_values(item_id: int, prediction: Prediction) -> dict[str, Any]:
    scores = prediction.class_scores
    return {
        "item_id": item_id,
        "remote_id": prediction.remote_id,
        "model_version": prediction.model_version,
        "label": prediction.label,
        "score": prediction.score,
        "class_scores": None if scores is None else dict(scores),
        "updated_at": prediction.updated_at,
    }


def _prediction(row: Any) -> Prediction:
    return Prediction(
        remote_id=row.remote_id,
        model_version=row.model_version,
        label=row.label,
        score=row.score,
        class_scores=row.class_scores,
        updated_at=row.updated_at,
    )


def _labelled(rows: list[Any]) -> LabelledItem:
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
