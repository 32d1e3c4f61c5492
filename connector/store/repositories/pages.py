"""Pages: what the platform said of some items, made the stored state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Select, Table, delete, insert, select, update

from connector.model import Annotation, Item, Prediction
from connector.store.repositories.base import ROW, Repository, chunks
from connector.store.tables import annotation_rows, items, predictions, storable

T = TypeVar("T", Annotation, Prediction)
Values = dict[str, Any]
Stamps = dict[tuple[str, str], datetime]  # (table, remote id) → when it changed last
NEVER = datetime(1970, 1, 1, tzinfo=UTC)  # before anything that a platform says
BY_NAME = {table.name: table for table in (items, annotation_rows, predictions)}
WHAT_COUNTS = ("label", "status", "ground_truth", "deleted_at")  # of an annotation, for its item's label


@dataclass
class PageChange:
    """What a page changed.

    `relabelled` are our ids of items whose set of labels is another now, `repredicted` those of items whose
    predictions are. `older` are items of which something is stored that is newer than what the page says,
    with the stamps of all that is: not each platform moves an item's own stamp when an annotation changes.
    """

    new: int = 0
    changed: int = 0
    relabelled: set[int] = field(default_factory=set)
    repredicted: set[int] = field(default_factory=set)
    older: dict[str, Stamps] = field(default_factory=dict)

    def note_older(self, table: Table, item: Item, part: str, stored: datetime) -> None:
        self.older.setdefault(item.remote_id, {})[table.name, part] = stored

    def add(self, other: PageChange) -> None:
        self.new += other.new
        self.changed += other.changed
        self.relabelled |= other.relabelled
        self.repredicted |= other.repredicted
        self.older |= other.older


class Pages(Repository):
    def __init__(self, connection: Connection, now: datetime, *, again: bool = False) -> None:
        super().__init__(connection, now)
        self._again = again  # whether an item's data are looked at though its stamp has not moved

    def apply(self, project_id: int, page: Sequence[Item]) -> PageChange:
        """See `Items.apply`.

        The items' rows are held until the transaction ends, so a webhook and a poll that bring the same
        item at once take turns, and the older state never wins.
        """
        change = PageChange()
        ids = self._items(project_id, _newest_of_each(page), change)
        for part in chunks(list(ids.items())):
            self._annotations(dict(part), change)
            self._predictions(dict(part), change)
        return change

    def rewind(self, project_id: int, page: Sequence[Item], older: Mapping[str, Stamps]) -> None:
        """Let go of these stamps of items, or of what belongs to them, so that a page is believed.

        What was stored anew since is left as it is: that word is the later one.
        """
        for item in page:
            ids = select(items.c.id).where(
                items.c.project_id == project_id,
                items.c.remote_id == item.remote_id,
                items.c.remote_created_at == item.created_at,
            )
            for (name, part), stamp in older[item.remote_id].items():
                if name == items.name:
                    self._rewind_item(ids, stamp)
                else:
                    self._rewind_part(BY_NAME[name], ids, part, stamp)

    def _rewind_item(self, ids: Select[tuple[int]], stamp: datetime) -> None:
        same = (items.c.id.in_(ids), items.c.remote_updated_at == stamp)
        done = self._connection.execute(
            update(items).where(*same).values(remote_updated_at=NEVER).returning(items.c.id)
        )
        for item_id in done.scalars().all():
            for table in (annotation_rows, predictions):
                self._connection.execute(
                    update(table).where(table.c.item_id == item_id).values(updated_at=NEVER)
                )

    def _rewind_part(self, table: Table, ids: Select[tuple[int]], part: str, stamp: datetime) -> None:
        same = (table.c.item_id.in_(ids), table.c.remote_id == part, table.c.updated_at == stamp)
        self._connection.execute(update(table).where(*same).values(updated_at=NEVER))

    def _items(self, project_id: int, page: Mapping[str, Item], change: PageChange) -> dict[int, Item]:
        """Store the items themselves; our id → item for those that are not older than what is stored."""
        taken: dict[int, Item] = {}
        for part in chunks(sorted(page)):
            stored = self._stored(project_id, part)
            fresh, changed = [], []
            for remote_id in part:
                item, rows = page[remote_id], stored[remote_id]
                if _is_predecessor(item, rows):
                    continue
                self._bury([row.id for row in rows if row.remote_created_at != item.created_at], change)
                row = next((row for row in rows if row.remote_created_at == item.created_at), None)
                if row is None:
                    fresh.append(item)
                elif row.remote_updated_at <= item.updated_at:
                    taken[row.id] = item
                    changed += _item_change(project_id, row, item, change)
                else:
                    change.note_older(items, item, remote_id, row.remote_updated_at)
            self._update_rows(items, changed)
            taken |= self._insert_items(project_id, fresh, change)
        return taken

    def _stored(self, project_id: int, remote_ids: Sequence[str]) -> dict[str, list[Row[Any]]]:
        """Remote id → the rows of all items that have or had it."""
        query = (
            select(
                items.c.id,
                items.c.remote_id,
                items.c.remote_created_at,
                items.c.remote_updated_at,
                items.c.deleted_at,
                *([items.c.data] if self._again else ()),
            )
            .where(items.c.project_id == project_id, self._among(items.c.remote_id, remote_ids))
            .order_by(items.c.id)
        )
        result: dict[str, list[Row[Any]]] = {remote_id: [] for remote_id in remote_ids}
        for row in self._connection.execute(self._held(query, items)):
            result[row.remote_id].append(row)
        return result

    def _insert_items(self, project_id: int, fresh: Sequence[Item], change: PageChange) -> dict[int, Item]:
        if not fresh:
            return {}
        done = self._connection.execute(
            self._insert(items).on_conflict_do_nothing(),
            [_item_values(project_id, item) for item in fresh],
            execution_options={"preserve_rowcount": True},
        )
        change.new += done.rowcount
        # They have ids now; and one that another worker stored since we looked is looked at again.
        return self._items(project_id, {item.remote_id: item for item in fresh}, change)

    def _bury(self, item_ids: Sequence[int], change: PageChange) -> None:
        """Items whose id now belongs to another one."""
        if item_ids:
            gone = update(items).where(self._among(items.c.id, item_ids), items.c.deleted_at.is_(None))
            done = self._connection.execute(gone.values(deleted_at=self._now).returning(items.c.id))
            change.relabelled.update(done.scalars())

    def _annotations(self, page: Mapping[int, Item], change: PageChange) -> None:
        stored = self._rows_of(annotation_rows, page)
        fresh, changed = [], []
        for item_id, annotation in _each(page, lambda item: item.annotations):
            row = stored.pop((item_id, annotation.remote_id), None)
            values = _annotation_values(item_id, annotation)
            if row is None:
                fresh.append(values | {"label_version": 1})
                change.relabelled.add(item_id)
            elif annotation.updated_at < row.updated_at:
                change.note_older(annotation_rows, page[item_id], annotation.remote_id, row.updated_at)
            elif _differs(values, row):
                changed.append(_annotation_change(row, values, change))
        gone = [row for row in stored.values() if row.deleted_at is None]
        change.relabelled.update(row.item_id for row in gone)
        self._update_rows(annotation_rows, [{ROW: row.id, "deleted_at": self._now} for row in gone])
        self._update_rows(annotation_rows, changed)
        if fresh:
            self._connection.execute(insert(annotation_rows), fresh)

    def _predictions(self, page: Mapping[int, Item], change: PageChange) -> None:
        stored = self._rows_of(predictions, page)
        fresh, changed = [], []
        for item_id, prediction in _each(page, lambda item: item.predictions):
            row = stored.pop((item_id, prediction.remote_id), None)
            values = _prediction_values(item_id, prediction)
            if row is None:
                fresh.append(values)
            elif prediction.updated_at < row.updated_at:
                change.note_older(predictions, page[item_id], prediction.remote_id, row.updated_at)
            elif _differs(values, row):
                changed.append({ROW: row.id, **values})
        for part in chunks([row.id for row in stored.values()]):
            self._connection.execute(delete(predictions).where(self._among(predictions.c.id, part)))
        self._update_rows(predictions, changed)
        if fresh:
            self._connection.execute(insert(predictions), fresh)
        change.repredicted.update(row["item_id"] for row in [*fresh, *changed])
        change.repredicted.update(row.item_id for row in stored.values())

    def _rows_of(self, table: Table, page: Mapping[int, Item]) -> dict[tuple[int, str], Row[Any]]:
        """(item, remote id) → the stored row."""
        rows = self._connection.execute(select(table).where(self._among(table.c.item_id, list(page))))
        return {(row.item_id, row.remote_id): row for row in rows}


def _each(page: Mapping[int, Item], parts: Callable[[Item], Sequence[T]]) -> Iterator[tuple[int, T]]:
    """(item, part) for the parts of all items, each remote id once."""
    for item_id, item in page.items():
        for part in {part.remote_id: part for part in parts(item)}.values():
            yield item_id, part


def _newest_of_each(page: Iterable[Item]) -> dict[str, Item]:
    """A page may hold an item twice: the newest state of the newest item of each id."""
    newest: dict[str, Item] = {}
    for item in page:
        known = newest.get(item.remote_id)
        if known is None or (item.created_at, item.updated_at) >= (known.created_at, known.updated_at):
            newest[item.remote_id] = item
    return newest


def still_older(item: Item, stamps: Stamps) -> Stamps:
    """Those stamps that are later than what the platform says of this item and its parts now."""
    now = {(items.name, item.remote_id): item.updated_at}
    now |= {(annotation_rows.name, one.remote_id): one.updated_at for one in item.annotations}
    now |= {(predictions.name, one.remote_id): one.updated_at for one in item.predictions}
    return {part: stamp for part, stamp in stamps.items() if part in now and now[part] < stamp}


def _is_predecessor(item: Item, rows: Sequence[Row[Any]]) -> bool:
    """Whether this is a late word about an item whose id belongs to a later one already."""
    return any(row.deleted_at is None and row.remote_created_at > item.created_at for row in rows)


def _differs(values: Values, row: Row[Any]) -> bool:
    return any(getattr(row, name) != value for name, value in values.items())


def _item_change(project_id: int, row: Row[Any], item: Item, change: PageChange) -> list[Values]:
    moved = row.remote_updated_at != item.updated_at or row.deleted_at is not None
    if not moved and getattr(row, "data", item.data) == item.data:
        return []
    change.changed += 1
    if row.deleted_at is not None:
        change.relabelled.add(row.id)
    return [{ROW: row.id, **_item_values(project_id, item)}]


def _annotation_change(row: Row[Any], values: Values, change: PageChange) -> Values:
    if any(getattr(row, name) != values[name] for name in WHAT_COUNTS):
        change.relabelled.add(row.item_id)
    relabelled = (row.label, row.status) != (values["label"], values["status"])
    return {ROW: row.id, **values, "label_version": row.label_version + int(relabelled)}


def _item_values(project_id: int, item: Item) -> Values:
    return {
        "project_id": project_id,
        "remote_id": item.remote_id,
        "remote_created_at": item.created_at,
        "remote_updated_at": item.updated_at,
        "data": dict(item.data),
        "deleted_at": None,
    }


def _annotation_values(item_id: int, annotation: Annotation) -> Values:
    return {
        "item_id": item_id,
        "remote_id": annotation.remote_id,
        "annotator": storable(annotation.annotator),
        "label": storable(annotation.label),
        "status": annotation.status.value,
        "result": list(annotation.result),
        "created_at": annotation.created_at,
        "updated_at": annotation.updated_at,
        "updated_by": storable(annotation.updated_by),
        "ground_truth": annotation.ground_truth,
        "marker": storable(annotation.marker),
        "deleted_at": None,
    }


def _prediction_values(item_id: int, prediction: Prediction) -> Values:
    scores = prediction.class_scores
    return {
        "item_id": item_id,
        "remote_id": prediction.remote_id,
        "model_version": storable(prediction.model_version),
        "label": storable(prediction.label),
        "score": prediction.score,
        "class_scores": None if scores is None else dict(scores),
        "updated_at": prediction.updated_at,
    }
