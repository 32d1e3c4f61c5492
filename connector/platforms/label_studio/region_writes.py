"""Corrections of single regions: the annotation is changed in place, and all else in it stays as it is.

A region that was removed can carry no marker. So what an earlier try wrote is known by its result: the one
before, which is journaled, with the correction made to it.
"""

from __future__ import annotations

from typing import Any

from connector.errors import Conflict, InUse, Retryable
from connector.model import LabelSchema, WriteMode, WriteOrder, WriteRecord
from connector.platforms.label_studio import mapping
from connector.platforms.label_studio.client import LabelStudioClient
from connector.platforms.label_studio.writes import LabelStudioWriter, by_id, kept
from connector.platforms.results import dicts, meta_of
from connector.ports import PartsCodec

DRAFT_WAIT = 300.0  # seconds until a person's unsaved work is looked for again

Raw = dict[str, Any]


class RegionWriter(LabelStudioWriter):
    """Writes to one source project whose labels have parts."""

    def __init__(
        self, client: LabelStudioClient, project_id: str, schema: LabelSchema, *, codec: PartsCodec
    ) -> None:
        super().__init__(client, project_id, schema, codec=codec)
        self._parts = codec

    def prepare(self, order: WriteOrder) -> Raw:
        """The whole annotation, and which annotations were ground truth."""
        self._check_label(order)
        task = self._same_task(order)
        return self._journaled(task, self._expected(order, task))

    def find(self, order: WriteOrder) -> WriteRecord | None:
        """The record of an annotation that is as this order makes it of the journaled one.

        Or, where other regions were corrected since, one in which this region is as it should be.
        """
        if order.mode is not WriteMode.UPDATE:
            return super().find(order)
        task = self._task(order)
        ours = None if task is None else by_id(task, order.annotation_id)
        old = _result_of(order.before)
        if ours is None or old is None:
            return None
        if ours.get("result") != self._patched(order, old) and not self._stands(order, ours):
            return None
        return WriteRecord(str(ours["id"]), order.before or {}, kept(ours))

    def write(self, order: WriteOrder) -> WriteRecord:
        """Check, write, check again; wait while somebody has a draft, which the write would delete."""
        if order.mode is not WriteMode.UPDATE:
            return super().write(order)
        self._check_label(order)
        earlier = self.find(order)
        if earlier is not None:
            return earlier
        task = self._same_task(order)
        source = self._expected(order, task)
        self._wait_for_drafts(task, source)
        before, wanted = self._journaled(task, source), self._patched(order, source.get("result"))
        self._replace(source, wanted)
        return self._shown(order, wanted, before)

    def revert(self, order: WriteOrder, record: WriteRecord) -> None:
        """Put the one region back, whatever was corrected in the others since."""
        if order.mode is not WriteMode.UPDATE:
            super().revert(order, record)
            return
        task = self._task(order)
        if task is None:
            return
        ours = by_id(task, record.remote_id)
        if ours is None:
            raise Conflict(f"annotation {record.remote_id} was deleted since it was corrected")
        now = mapping.annotation(ours, self._schema, self._codec)
        if now.label is not None and self._parts.carries(now.label, order.expected_label):
            return
        if now.label is None or not self._parts.carries(now.label, order.label):
            raise Conflict(
                f"{record.remote_id} was changed by user {now.updated_by} at {now.updated_at.isoformat()}"
                f" after correction {order.marker} had been written"
            )
        self._wait_for_drafts(task, ours)
        wanted = self._parts.restore(
            ours.get("result"),
            _result_of(record.before),
            self._schema,
            order.expected_label,
            order.label,
            self._meta(order, {}),
        )
        self._replace(ours, wanted)
        self._shown(order, wanted, {})

    def _expected(self, order: WriteOrder, task: Raw) -> Raw:
        source = by_id(task, order.annotation_id)
        if source is None:
            raise Conflict(f"annotation {order.annotation_id} is gone")
        now = mapping.annotation(source, self._schema, self._codec)
        if now.label is None or not self._parts.carries(now.label, order.expected_label):
            raise Conflict(
                f"annotation {order.annotation_id} does not carry {order.expected_label!r} any more"
                f" (changed by user {now.updated_by or now.annotator} at {now.updated_at.isoformat()})"
            )
        return source

    def _journaled(self, task: Raw, source: Raw) -> Raw:
        return self._before(task, source) | {"annotation": kept(source)}

    def _intact_row(self, order: WriteOrder, raw: Raw) -> Raw:
        label = self._codec.read(raw.get("result"), self._schema).label
        editor = mapping.user_id(raw.get("updated_by"))
        still = label is not None and self._parts.carries(label, order.label)
        if not still or not mapping.written_by_us(raw.get("result"), editor):
            raise Conflict(f"{raw['id']} was changed by user {editor} at {raw.get('updated_at')}")
        return raw

    def _patched(self, order: WriteOrder, result: Any) -> Any:
        meta = {mapping.MARKER: order.marker, mapping.BY: self._client.user_id()}
        return self._parts.patch(result, self._schema, order.expected_label, order.label, meta)

    def _corrected(self, order: WriteOrder, source: Raw, meta: Raw) -> list[Raw]:
        """All regions, with the marker on one of them: what is ours as a whole is found by it."""
        found = self._parts.patch(source.get("result"), self._schema, order.expected_label, order.label, meta)
        if mapping.marker_of(found, self._schema.control) is not None:
            return list(found)
        if not found:
            raise Conflict(
                "without a region nothing can say that the new annotation is ours; "
                "set writeback.mode = 'update' to remove the last one"
            )
        first, *others = found
        return [{**first, "meta": {**meta_of(first), **meta}}, *others]

    def _predicted_from(self, source: Raw) -> Raw:
        """A prediction names every region."""
        return source

    def _stands(self, order: WriteOrder, ours: Raw) -> bool:
        """Whether the region carries the order's marker, and what was decided."""
        now = mapping.annotation(ours, self._schema, self._codec).label
        marked = any(meta_of(item).get(mapping.MARKER) == order.marker for item in dicts(ours.get("result")))
        return marked and now is not None and self._parts.carries(now, order.label)

    def _wait_for_drafts(self, task: Raw, source: Raw) -> None:
        """Any write deletes what people have not saved yet, and does not say so."""
        drafts = self._client.api.get(f"/api/tasks/{task['id']}/annotations/{source['id']}/drafts")
        if dicts(drafts):
            raise InUse(
                f"annotation {source['id']} has unsaved work of a person, which a write would delete",
                after=DRAFT_WAIT,
            )

    def _replace(self, source: Raw, result: Any) -> None:
        self._client.api.write("PATCH", f"/api/annotations/{source['id']}/", {"result": result})

    def _shown(self, order: WriteOrder, wanted: Any, before: Raw) -> WriteRecord:
        task = self._task(order)
        ours = None if task is None else by_id(task, order.annotation_id)
        if ours is None or ours.get("result") != wanted:
            raise Retryable(f"correction {order.marker} does not show after it was written")
        return WriteRecord(str(ours["id"]), before, kept(ours))


def _result_of(before: Any) -> Any:
    annotation = before.get("annotation") if isinstance(before, dict) else None
    return annotation.get("result") if isinstance(annotation, dict) else None
