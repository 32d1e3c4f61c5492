"""Carrying out a correction, finding it again after a crash, and undoing it.

Label Studio has neither transactions nor ETags. So every write carries our marker together with
what is needed to undo it: whoever comes back after a crash between two calls, or after an error
that hid a success, reads it from the platform itself. Between the last look and the write a few
milliseconds remain in which someone else's change would be overtaken; the check afterwards sees it
where it leaves a trace.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connector.errors import Conflict, InUse, NotFound, Rejected, Retryable
from connector.model import LabelSchema, WriteMode, WriteOrder, WriteRecord
from connector.model.moments import moment
from connector.model.writing import one_and_doubles
from connector.platforms.label_studio import mapping
from connector.platforms.label_studio.client import LabelStudioClient, as_dict
from connector.platforms.results import BY, MARKER, dicts, regions_of, written_by_us
from connector.ports import Codec

MODEL_VERSION = "secondlook"  # of the predictions that we add to a source project

Raw = dict[str, Any]

# Where a mode writes something new, which can so be written twice.
_PLACES = {
    WriteMode.GROUND_TRUTH: "annotations",
    WriteMode.REPLACE: "annotations",
    WriteMode.PREDICTION: "predictions",
}
BESIDE = frozenset({WriteMode.GROUND_TRUTH, WriteMode.REPLACE})  # a new annotation holds the correction
DRAFT_WAIT = 300.0  # seconds until a person's unsaved work is looked for again


class LabelStudioWriter:
    """Writes to one source project."""

    def __init__(
        self, client: LabelStudioClient, project_id: str, schema: LabelSchema, *, codec: Codec
    ) -> None:
        self._client = client
        self._project_id = project_id
        self._schema = schema
        self._codec = codec

    def prepare(self, order: WriteOrder) -> Raw:
        """What the order would replace, in the form of a record's `before`."""
        self._check_label(order)
        task = self._same_task(order)
        source = self._expected(order, task)
        return self._before(task, source) | {"annotation": mapping.kept(source)}

    def find(self, order: WriteOrder) -> WriteRecord | None:
        """The record of what carries the order's marker."""
        if order.mode is WriteMode.DRY_RUN:
            return None
        task = self._task(order)
        raw = None if task is None else self._marked(order, task)
        if task is None or raw is None or self._is_half_done(order, task):
            return None
        return self._intact(order, task, raw)

    def write(self, order: WriteOrder) -> WriteRecord:
        """Check, write, check again. What an earlier try wrote is not written twice."""
        if order.mode is WriteMode.DRY_RUN:
            return WriteRecord("", {}, {})
        self._check_label(order)
        task = self._same_task(order)
        earlier = self._marked(order, task)
        if earlier is not None:
            record = self._intact(order, task, earlier)
            self._cancel(order, task)
            return record
        source = self._expected(order, task)
        if order.mode in BESIDE:
            self._wait_where_cancelled(order, task, source)
            self._add_ground_truth(order, task, source)
        elif order.mode is WriteMode.UPDATE:
            self._update(order, task, source)
        else:
            self._add_prediction(order, task, source)
        record = self._verified(order)
        self._cancel(order, task)
        return record

    def revert(self, order: WriteOrder, record: WriteRecord) -> None:
        """Undo what `record` says; what is undone already, or gone with its item, needs nothing."""
        if order.mode is WriteMode.DRY_RUN:
            return
        task = self._task(order)
        if task is None:
            return
        if order.mode in BESIDE:
            self._remove_ground_truth(order, record, task)
        elif order.mode is WriteMode.UPDATE:
            self._restore(order, record, task)
        else:
            self._remove_prediction(order, record, task)

    def remove_doubles(self, order: WriteOrder, record: WriteRecord) -> int:
        """Remove what a held-up try wrote beside what `record` names, or beside the first; how many."""
        task = self._task(order)
        if task is None or order.mode not in _PLACES:
            return 0
        kept_row, doubles = one_and_doubles(self._all_marked(order, task), record, lambda raw: str(raw["id"]))
        for raw in doubles:
            self._remove(order, task, self._intact_row(order, raw))
        if kept_row is not None and doubles and order.mode in BESIDE:
            self._be_the_truth_again(task, kept_row, doubles)
        return len(doubles)

    def _be_the_truth_again(self, task: Raw, ours: Raw, doubles: Sequence[Raw]) -> None:
        """The last write that came had demoted the one that stays."""
        truths = [raw for raw in _annotations(task) if raw.get("ground_truth") and raw not in doubles]
        if not truths:
            self._change(task, ours, {"ground_truth": True})

    # --- looking ---------------------------------------------------------------------------

    def _task(self, order: WriteOrder) -> Raw | None:
        """The task, if its number still means the same item: the server gives numbers out again."""
        task = self._client.task(self._project_id, order.item.remote_id)
        if task is None or moment(task.get("created_at")) != order.item.created_at:
            return None
        return task

    def _same_task(self, order: WriteOrder) -> Raw:
        task = self._task(order)
        if task is None:
            raise Conflict(f"item {order.item.remote_id} is gone, or its number was given to another")
        return task

    def _marked(self, order: WriteOrder, task: Raw) -> Raw | None:
        """What carries the order's marker, whoever saved it last."""
        return next(iter(self._all_marked(order, task)), None)

    def _all_marked(self, order: WriteOrder, task: Raw) -> list[Raw]:
        where = "predictions" if order.mode is WriteMode.PREDICTION else "annotations"
        rows = (raw for raw in dicts(task.get(where)) if "id" in raw)
        control = self._schema.control
        return [raw for raw in rows if mapping.marker_of(raw.get("result"), control) == order.marker]

    def _intact(self, order: WriteOrder, task: Raw, raw: Raw) -> WriteRecord:
        """The record of what was written, if it still is as it was written."""
        raw = self._intact_row(order, raw)
        before = mapping.mark_meta(raw.get("result"), self._schema.control).get(mapping.BEFORE)
        record = WriteRecord(str(raw["id"]), before if isinstance(before, dict) else {}, mapping.kept(raw))
        if order.mode in BESIDE:
            self._still_expected(order, task, record)
        return record

    def _intact_row(self, order: WriteOrder, raw: Raw) -> Raw:
        """The row, if it still is as it was written.

        The marker survives when a person edits the annotation: taken for ours, their edit would be
        journaled as our write, and undone with it.
        """
        label = self._codec.read(raw.get("result"), self._schema).label
        editor = mapping.user_id(raw.get("updated_by"))
        if label != order.label or not written_by_us(raw.get("result"), editor):
            raise Conflict(
                f"{raw['id']} was written as {order.label!r} and now carries {label!r}"
                f" (saved by user {editor} at {raw.get('updated_at')})"
            )
        return raw

    def _check_label(self, order: WriteOrder) -> None:
        # The server accepts any class; nobody would ever find the item under a wrong one.
        if not self._codec.valid(order.label, self._schema):
            raise Conflict(f"the labelling config has no class {order.label!r} (any more)")

    def _expected(self, order: WriteOrder, task: Raw) -> Raw:
        source = by_id(task, order.annotation_id)
        if source is None:
            raise Conflict(f"annotation {order.annotation_id} is gone")
        now = mapping.annotation(self._before_us(order, task, source), self._schema, self._codec)
        if now.label is None or not self._is_expected(now.label, order):
            carried = repr(now.label) if now.label else f"no label ({now.status.value})"
            raise Conflict(
                f"annotation {order.annotation_id} carries {carried}, not {order.expected_label!r}"
                f" (changed by user {now.updated_by or now.annotator} at {now.updated_at.isoformat()})"
            )
        return source

    def _is_expected(self, label: str, order: WriteOrder) -> bool:
        return label == order.expected_label

    def _before_us(self, order: WriteOrder, task: Raw, source: Raw) -> Raw:
        """The original as it would be without us: cancelled it is no more than replaced."""
        if order.mode is WriteMode.REPLACE and copy_beside(task, source) is not None:
            return {**source, "was_cancelled": False}
        return source

    def _verified(self, order: WriteOrder) -> WriteRecord:
        task = self._task(order)
        raw = None if task is None else self._marked(order, task)
        if task is None or raw is None:
            raise Retryable(f"correction {order.marker} does not show after it was written")
        return self._intact(order, task, raw)

    def _still_expected(self, order: WriteOrder, task: Raw, record: WriteRecord) -> None:
        try:
            self._expected(order, task)
        except Conflict:
            self._remove_ground_truth(order, record, task)
            raise

    # --- doing -----------------------------------------------------------------------------

    def _before(self, task: Raw, source: Raw) -> Raw:
        # A new ground truth silently demotes the others: remember them, or they could not be restored.
        ours = copy_beside(task, source)
        known = mapping.truths_before(ours.get("result")) if ours else None
        truths = [str(raw["id"]) for raw in _annotations(task) if raw.get("ground_truth")]
        return {
            "ground_truth_ids": truths if known is None else known,
            "label_regions": regions_of(source.get("result"), self._schema.control),
        }

    def _shared(self, task: Raw, source: Raw) -> Raw | None:
        """The ground truth that we made beside the source for another control, where it still stands."""
        copy = copy_beside(task, source)
        held = None if copy is None else mapping.marker_of(copy.get("result"), self._schema.control)
        return copy if held is None else None

    def _meta(self, order: WriteOrder, before: Raw) -> Raw:
        return {
            **self._mark(order),
            mapping.BEFORE: before,
        }

    def _mark(self, order: WriteOrder) -> Raw:
        """What every write of ours is known by."""
        origin = {} if order.origin is None else {mapping.ORIGIN: order.origin.to_json()}
        return {
            MARKER: order.marker,
            BY: self._client.user_id(),
            mapping.CONTROL: self._schema.control,
            **origin,
        }

    def _add_ground_truth(self, order: WriteOrder, task: Raw, source: Raw) -> None:
        """One beside the source; one of ours that holds another control's correction takes this too."""
        meta = self._meta(order, self._before(task, source))
        shared = self._shared(task, source)
        if shared is not None:
            result = self._corrected(order, shared, meta)
            self._change(task, shared, {"result": result})
            return
        body = {
            "result": self._corrected(order, {"result": mapping.unmarked(source.get("result"))}, meta),
            "ground_truth": True,
            "was_cancelled": False,
            "parent_annotation": int(source["id"]),
        }
        self._client.api.write("POST", f"/api/tasks/{task['id']}/annotations/", body)

    def _wait_where_cancelled(self, order: WriteOrder, task: Raw, source: Raw) -> None:
        if order.mode is WriteMode.REPLACE:
            self._wait_for_drafts(task, source)

    def _change(self, task: Raw, annotation: Raw, values: Raw) -> Any:
        """Change an annotation, once nobody has unsaved work in it."""
        self._wait_for_drafts(task, annotation)
        return self._client.api.write("PATCH", f"/api/annotations/{annotation['id']}/", values)

    def _wait_for_drafts(self, task: Raw, source: Raw) -> None:
        """Any change deletes what people have not saved yet, and does not say so."""
        drafts = self._client.api.get(f"/api/tasks/{task['id']}/annotations/{source['id']}/drafts")
        if dicts(drafts):
            raise InUse(
                f"annotation {source['id']} has unsaved work of a person, which a write would delete",
                after=DRAFT_WAIT,
            )

    def _is_half_done(self, order: WriteOrder, task: Raw) -> bool:
        """Whether the original still counts beside what replaces it: writing again cancels it."""
        source = self._original(order, task)
        return order.mode is WriteMode.REPLACE and source is not None and not source.get("was_cancelled")

    def _cancel(self, order: WriteOrder, task: Raw) -> None:
        """Take the original out of the exports, once the corrected one stands; nothing of it is lost."""
        source = self._original(order, task)
        if source is not None and self._is_half_done(order, task):
            self._change(task, source, {"was_cancelled": True})

    def _original(self, order: WriteOrder, task: Raw) -> Raw | None:
        return by_id(task, order.annotation_id)

    def _count_again(self, order: WriteOrder, task: Raw) -> None:
        source = self._original(order, task)
        if order.mode is WriteMode.REPLACE and source is not None and source.get("was_cancelled"):
            self._change(task, source, {"was_cancelled": False})

    def _is_replaced(self, order: WriteOrder, task: Raw, removed: Sequence[Raw]) -> bool:
        """Whether an annotation of ours stands beside the original, other than those to be removed."""
        source = self._original(order, task)
        return source is not None and any(
            raw.get("ground_truth")
            and not raw.get("was_cancelled")
            and str(raw.get("parent_annotation")) == str(source["id"])
            and mapping.user_id(raw.get("completed_by")) == self._client.user_id()
            for raw in _annotations(task)
            if raw not in removed
        )

    def _update(self, order: WriteOrder, task: Raw, source: Raw) -> None:
        meta = self._meta(order, self._before(task, source))
        self._change(task, source, {"result": self._corrected(order, source, meta)})

    def _corrected(self, order: WriteOrder, source: Raw, meta: Raw) -> list[Raw]:
        return list(self._codec.write(source.get("result"), self._schema, order.label, meta))

    def _predicted_from(self, source: Raw) -> Raw:  # noqa: ARG002 - other label types need it
        """What a prediction of the corrected label is made from: the label is all of it."""
        return {"result": []}

    def _add_prediction(self, order: WriteOrder, task: Raw, source: Raw) -> None:
        body = {
            "task": task["id"],
            "result": self._corrected(order, self._predicted_from(source), self._meta(order, {})),
            "model_version": MODEL_VERSION,
            **({} if order.score is None else {"score": order.score}),
        }
        self._client.api.write("POST", "/api/predictions/", body)

    # --- undoing ---------------------------------------------------------------------------

    def _remove_ground_truth(self, order: WriteOrder, record: WriteRecord, task: Raw) -> None:
        ours = by_id(task, record.remote_id)
        if ours is not None and self._holds_others(ours):
            self._take_out(order, record, ours, task)
            return
        if ours is not None:
            self._check_untouched(ours, record, order)
        doubles = [self._intact_row(order, raw) for raw in self._all_marked(order, task) if raw is not ours]
        removed = [raw for raw in (ours, *doubles) if raw is not None]
        self._take_away(order, record, task, removed)

    def _take_away(self, order: WriteOrder, record: WriteRecord, task: Raw, removed: Sequence[Raw]) -> None:
        """Delete what we wrote; the original counts again, and what was the truth is the truth again."""
        truth = self._demoted_truth(order, record, task, removed)
        if truth is not None:
            self._wait_for_drafts(task, truth)  # before anything is gone
        if not self._is_replaced(order, task, removed):
            self._count_again(order, task)
        for raw in removed:
            self._remove(order, task, raw)
        # A crash may have come between the two calls: go on even where ours is gone already.
        if truth is not None:
            self._change(task, truth, {"ground_truth": True})

    def _demoted_truth(
        self, order: WriteOrder, record: WriteRecord, task: Raw, removed: Sequence[Raw]
    ) -> Raw | None:
        """What was the truth before us, unless someone has named another since, and that stands."""
        if any(raw.get("ground_truth") for raw in _annotations(task) if raw not in removed):
            return None
        known = [by_id(task, one) for one in record.before.get("ground_truth_ids", ())]
        demoted = [raw for raw in known if raw is not None and raw not in removed]
        # The server keeps one ground truth at a time when it is set this way: the original first.
        original = (raw for raw in demoted if str(raw["id"]) == order.annotation_id)
        return next(original, next(iter(demoted), None))

    def _holds_others(self, ours: Raw) -> bool:
        """Whether another control's correction stands in what we wrote."""
        others = [r for r in dicts(ours.get("result")) if r.get("from_name") != self._schema.control]
        return mapping.marker_of(others) is not None

    def _take_out(self, order: WriteOrder, record: WriteRecord, ours: Raw, task: Raw) -> None:
        """Put this control back to what the source says, and leave the other control's correction."""
        if mapping.marker_of(ours.get("result"), self._schema.control) == order.marker:
            self._check_untouched(ours, record, order)
            self._put_back(task, ours, dicts(record.before.get("label_regions")))
        for raw in self._all_marked(order, task):
            if raw is not ours:
                self._remove(order, task, self._intact_row(order, raw))

    def _restore(self, order: WriteOrder, record: WriteRecord, task: Raw) -> None:
        ours = by_id(task, record.remote_id)
        if ours is None:
            raise Conflict(f"annotation {record.remote_id} was deleted since it was corrected")
        regions = dicts(record.before.get("label_regions"))
        now = regions_of(ours.get("result"), self._schema.control)
        if now == regions:
            return
        self._check_untouched(ours, record, order)
        self._put_back(task, ours, regions)

    def _put_back(self, task: Raw, ours: Raw, regions: Sequence[Raw]) -> None:
        others = [r for r in dicts(ours["result"]) if r.get("from_name") != self._schema.control]
        answer = self._change(task, ours, {"result": [*others, *regions]})
        if regions_of(as_dict(answer, "annotation").get("result"), self._schema.control) != regions:
            raise Retryable(f"annotation {ours['id']}: the restored label does not show")

    def _remove_prediction(self, order: WriteOrder, record: WriteRecord, task: Raw) -> None:
        for raw in dicts(task.get("predictions")):
            if str(raw.get("id")) == record.remote_id:
                self._check_untouched(raw, record, order)
                self._remove(order, task, raw)
        self.remove_doubles(order, record)

    def _check_untouched(self, raw: Raw, record: WriteRecord, order: WriteOrder) -> None:
        """Conflict where somebody changed what we wrote; other controls than ours may have changed."""
        editor, control = mapping.user_id(raw.get("updated_by")), self._schema.control
        now, written = raw.get("result"), record.after.get("result")
        if regions_of(now, control) != regions_of(written, control) or (
            now != written and not written_by_us(now, editor)
        ):
            raise Conflict(
                f"{record.remote_id} was changed by user {editor}"
                f" at {raw.get('updated_at')} after correction {order.marker} had been written"
            )

    def _remove(self, order: WriteOrder, task: Raw, raw: Raw) -> None:
        if order.mode is not WriteMode.PREDICTION:
            self._wait_for_drafts(task, raw)
        self._delete(f"/api/{_PLACES[order.mode]}/{raw['id']}/")

    def _delete(self, path: str) -> None:
        try:
            self._client.api.write("DELETE", path)
        except NotFound:
            return
        except Rejected as error:
            raise Conflict(f"{path} cannot be deleted: {error}") from error


def _annotations(task: Raw) -> list[Raw]:
    return [raw for raw in dicts(task.get("annotations")) if "id" in raw]


def by_id(task: Raw, remote_id: str) -> Raw | None:
    return next((raw for raw in _annotations(task) if str(raw["id"]) == remote_id), None)


def copy_beside(task: Raw, source: Raw) -> Raw | None:
    """The ground truth that we made beside an annotation, where it still stands."""
    copies = (raw for raw in _annotations(task) if raw.get("ground_truth") and not raw.get("was_cancelled"))
    return next((raw for raw in copies if mapping.ours_for(raw) == str(source["id"])), None)
