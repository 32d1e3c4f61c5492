"""Corrections of single regions: the annotation is changed in place, and all else in it stays as it is.

A region that was removed can carry no marker: another region does (`removal_marks`). Where none is left, what
an earlier try wrote is known by its result: the one before, which is journaled, with the correction made.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from connector.errors import Conflict, Retryable
from connector.model import LabelSchema, WriteMode, WriteOrder, WriteRecord
from connector.platforms.label_studio import mapping, removal_marks
from connector.platforms.label_studio.client import LabelStudioClient
from connector.platforms.label_studio.writes import BESIDE, LabelStudioWriter, by_id
from connector.platforms.results import MARKER, dicts, marks_on, written_by_us
from connector.ports import PartsCodec

Raw = dict[str, Any]


class RegionWriter(LabelStudioWriter):
    """Writes to one source project whose labels have parts."""

    def __init__(
        self, client: LabelStudioClient, project_id: str, schema: LabelSchema, *, codec: PartsCodec
    ) -> None:
        super().__init__(client, project_id, schema, codec=codec)
        self._parts = codec

    def _task(self, order: WriteOrder) -> Raw | None:
        """The task, by which the codec is told what its regions lie in: a writer carries out one order."""
        task = super()._task(order)
        bound = None if task is None else mapping.codec_of(task, self._schema, self._parts)
        if isinstance(bound, PartsCodec):
            self._codec = self._parts = bound
        return task

    def prepare(self, order: WriteOrder) -> Raw:
        """The whole annotation, and which annotations were ground truth."""
        self._check_label(order)
        task = self._same_task(order)
        return self._journaled(task, self._expected(order, task))

    def _expected(self, order: WriteOrder, task: Raw) -> Raw:
        """The annotation to change: what we made beside the original holds its other corrections."""
        copy = self._copy(order, task)
        if copy is not None and not self._stands(order, copy):
            order = replace(order, annotation_id=str(copy["id"]))
        return super()._expected(order, task)

    def _is_expected(self, label: str, order: WriteOrder) -> bool:
        return self._parts.carries(label, order.expected_label)

    def _original(self, order: WriteOrder, task: Raw) -> Raw | None:
        """The annotation of a person; an order may name the one that we made beside it."""
        source = by_id(task, order.annotation_id)
        ours = source is not None and mapping.user_id(source.get("completed_by")) == self._client.user_id()
        parent = source.get("parent_annotation") if source is not None and ours else None
        return source if parent is None else by_id(task, str(parent))

    def _copy(self, order: WriteOrder, task: Raw) -> Raw | None:
        """What we made beside the original for corrections of this control, where it stands."""
        original = self._original(order, task)
        if order.mode not in BESIDE or original is None:
            return None
        for raw in dicts(task.get("annotations")):
            ours = mapping.user_id(raw.get("completed_by")) == self._client.user_id()
            stands = raw.get("ground_truth") and not raw.get("was_cancelled")
            beside = str(raw.get("parent_annotation")) == str(original["id"])
            # One that we made for another control says of this one what the original says.
            if ours and stands and beside and self._label(raw) != self._label(original):
                return raw
        return None

    def _before_us(self, order: WriteOrder, task: Raw, source: Raw) -> Raw:
        """Also beside one of ours that says nothing any more: its revert broke off before it was deleted."""
        replaced = order.mode is WriteMode.REPLACE and self._is_replaced(order, task, ())
        return {**source, "was_cancelled": False} if replaced else source

    def _label(self, raw: Raw) -> str | None:
        return self._codec.read(raw.get("result"), self._schema).label

    def _still_expected(self, order: WriteOrder, task: Raw, record: WriteRecord) -> None:
        original = self._original(order, task)
        label = None if original is None else self._label(original)
        if label is None or not self._parts.carries(label, order.expected_label):
            self._remove_ground_truth(order, record, task)
            raise Conflict(f"annotation {order.annotation_id} was changed while it was corrected")

    def find(self, order: WriteOrder) -> WriteRecord | None:
        """The record of an annotation that is as this order makes it of the journaled one.

        Or, where other regions were corrected since, one in which this region is as it should be.
        """
        if order.mode not in (WriteMode.UPDATE, *BESIDE):
            return super().find(order)
        task = self._task(order)
        record = None if task is None else self._earlier(order, task)
        return None if task is None or record is None or self._is_half_done(order, task) else record

    def _earlier(self, order: WriteOrder, task: Raw) -> WriteRecord | None:
        beside = order.mode in BESIDE
        ours = self._copy(order, task) if beside else by_id(task, order.annotation_id)
        if ours is not None and self._stands(order, ours):
            return WriteRecord(str(ours["id"]), order.before or {}, mapping.kept(ours))
        old = _result_of(order.before)
        if ours is None or old is None:
            return None
        if ours.get("result") != self._patched(order, old):
            return None
        return WriteRecord(str(ours["id"]), order.before or {}, mapping.kept(ours))

    def write(self, order: WriteOrder) -> WriteRecord:
        """Check, write, check again; wait while somebody has a draft, which the write would delete."""
        task = self._same_task(order)
        if order.mode is not WriteMode.UPDATE and self._copy(order, task) is None:
            return super().write(order)
        self._check_label(order)
        earlier = self._earlier(order, task)
        if earlier is not None:
            self._cancel(order, task)
            return earlier
        source = self._expected(order, task)
        before, wanted = self._journaled(task, source), self._patched(order, source.get("result"))
        self._replace(task, source, wanted)
        return self._shown(order, source, wanted, before)

    def revert(self, order: WriteOrder, record: WriteRecord) -> None:
        """Put the one region back, whatever was corrected in the others since."""
        task = self._task(order)
        ours = None if task is None else by_id(task, record.remote_id)
        beside = order.mode in BESIDE
        if order.mode not in (WriteMode.UPDATE, *BESIDE) or (beside and ours is None):
            super().revert(order, record)
            return
        if task is None:
            return
        self._put_region_back(order, record, task, ours)
        if beside:
            self._remove_without_corrections(order, record)

    def _remove_without_corrections(self, order: WriteOrder, record: WriteRecord) -> None:
        """What we made beside the original goes where it says nothing else any more."""
        task = self._same_task(order)
        copy, original = by_id(task, record.remote_id), self._original(order, task)
        if copy is None or original is None or self._holds_others(copy):
            return
        if self._label(copy) == self._label(original):
            self._take_away(order, record, task, [copy])

    def _put_region_back(self, order: WriteOrder, record: WriteRecord, task: Raw, ours: Raw | None) -> None:
        if ours is None:
            raise Conflict(f"annotation {record.remote_id} was deleted since it was corrected")
        now = mapping.annotation(ours, self._schema, self._codec)
        if not self._is_done(order, now.label, record.before):
            if now.label is not None and self._parts.carries(now.label, order.expected_label):
                return
            raise Conflict(
                f"{record.remote_id} was changed by user {now.updated_by} at {now.updated_at.isoformat()}"
                f" after correction {order.marker} had been written"
            )
        original = self._original(order, task) or {}
        present = removal_marks.without(ours.get("result"), order.marker)
        restored = self._parts.restore(
            present,
            removal_marks.bare(_result_of(record.before) or original.get("result")),
            self._schema,
            order.expected_label,
            order.label,
            self._meta(order, {}),
        )
        wanted = removal_marks.carried(present, restored, self._schema.control)
        if _would_lose(ours.get("result"), wanted, record.after.get("result")):
            raise Conflict(f"{record.remote_id}: people have said more of the region since it was added")
        self._replace(task, ours, wanted)
        self._shown(order, ours, wanted, {})

    def _journaled(self, task: Raw, source: Raw) -> Raw:
        before = self._before(task, source)
        # Of ours its own first write knows what was the truth before it.
        truths = mapping.truths_before(source.get("result"))
        return (
            before
            | {"annotation": mapping.kept(source)}
            | ({} if truths is None else {"ground_truth_ids": truths})
        )

    def _intact_row(self, order: WriteOrder, raw: Raw) -> Raw:
        label = self._codec.read(raw.get("result"), self._schema).label
        editor = mapping.user_id(raw.get("updated_by"))
        if not self._is_done(order, label, order.before) or not written_by_us(raw.get("result"), editor):
            raise Conflict(f"{raw['id']} was changed by user {editor} at {raw.get('updated_at')}")
        return raw

    def _patched(self, order: WriteOrder, result: Any) -> Any:
        """The result with the correction made, marked with what it replaced where nothing else holds that."""
        parts = (self._schema, order.expected_label, order.label)
        meta = self._mark(order)
        if order.mode is WriteMode.UPDATE and order.origin is not None:
            changed = self._parts.patch(result, *parts, meta)
            replaced = [item for item in dicts(result) if item not in changed]
            meta[mapping.BEFORE] = {"annotation": {"result": removal_marks.bare(replaced)}}
        changed = self._parts.patch(result, *parts, meta)
        return removal_marks.carried(result, changed, self._schema.control, meta)

    def _corrected(self, order: WriteOrder, source: Raw, meta: Raw) -> list[Raw]:
        """All regions, with the marker on one of them: what is ours as a whole is found by it."""
        regions = self._parts.patch(
            source.get("result"), self._schema, order.expected_label, order.label, meta
        )
        marked = removal_marks.carried(source.get("result"), regions, self._schema.control, meta)
        if mapping.marker_of(marked) is None:
            raise Conflict(
                "without a region nothing can say that the new annotation is ours; "
                "set writeback.mode = 'update' to remove the last one"
            )
        return marked

    def _predicted_from(self, source: Raw) -> Raw:
        """A prediction names every region."""
        return {"result": mapping.unmarked(source.get("result"))}

    def _stands(self, order: WriteOrder, ours: Raw) -> bool:
        """Whether the region carries the order's marker, and what was decided."""
        now = mapping.annotation(ours, self._schema, self._codec).label
        marks = [one for item in dicts(ours.get("result")) for one in marks_on(item)]
        marked = any(one[MARKER] == order.marker for one in marks)
        return marked and self._is_done(order, now, order.before)

    def _is_done(self, order: WriteOrder, label: str | None, before: Any) -> bool:
        """Whether a label is as the order leaves it, of what was journaled before."""
        was = self._codec.read(_result_of(before), self._schema).label
        return label is not None and self._parts.follows(label, order.expected_label, order.label, was or "")

    def _replace(self, task: Raw, source: Raw, result: Any) -> None:
        self._change(task, source, {"result": result})

    def _shown(self, order: WriteOrder, written: Raw, wanted: Any, before: Raw) -> WriteRecord:
        task = self._task(order)
        ours = None if task is None else by_id(task, str(written["id"]))
        if ours is None or ours.get("result") != wanted:
            raise Retryable(f"correction {order.marker} does not show after it was written")
        return WriteRecord(str(ours["id"]), before, mapping.kept(ours))


def _would_lose(now: Any, wanted: Any, written: Any) -> bool:
    """Whether an item would go that we have not written; False where nothing tells what we wrote."""
    if not isinstance(written, list):
        return False
    known = {_named(item) for item in (*dicts(wanted), *dicts(written))}
    return any(_named(item) not in known for item in dicts(now))


def _named(item: Raw) -> tuple[str, ...]:
    return tuple(str(item.get(key)) for key in ("id", "from_name", "type", "from_id", "to_id"))


def _result_of(before: Any) -> Any:
    annotation = before.get("annotation") if isinstance(before, dict) else None
    return annotation.get("result") if isinstance(annotation, dict) else None
