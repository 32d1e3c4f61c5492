"""Carrying out a correction, finding it again after a crash, and undoing it.

A person's response is never touched. What we write is, by mode: a response of the service user
beside it (ground_truth), a note in the record's metadata which says that this response should read
otherwise (update), or the suggestion (prediction). In each mode a mark in the metadata comes first.
It holds what is needed to undo the rest, so whoever comes back after a crash, or after a 500 that
hid a success, reads from the platform itself how far the work came.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connector.errors import Conflict, NotFound, Retryable
from connector.model import LabelSchema, WriteMode, WriteOrder, WriteRecord
from connector.model.moments import moment
from connector.platforms.argilla import mapping
from connector.platforms.argilla.client import ArgillaClient
from connector.platforms.argilla.mapping import Mark
from connector.platforms.results import dicts
from connector.ports import Codec

Raw = dict[str, Any]


class ArgillaWriter:
    """Writes to one source dataset."""

    def __init__(
        self,
        client: ArgillaClient,
        dataset_id: str,
        schema: LabelSchema,
        question_id: str,
        *,
        codec: Codec,
    ) -> None:
        self._client = client
        self._dataset_id = dataset_id
        self._schema = schema
        self._question_id = question_id
        self._codec = codec

    def prepare(self, order: WriteOrder) -> Raw:
        """What the order would replace, in the form of a record's `before`."""
        self._check_label(order)
        record = self._same_record(order)
        source, earlier = self._expected(order, record), self._found(order, record)
        before = self._before(order, record) if earlier is None else earlier.before
        return {**before, "annotation": mapping.kept(source)}

    def find(self, order: WriteOrder) -> WriteRecord | None:
        """The record of what carries the order's marker."""
        if order.mode is WriteMode.DRY_RUN:
            return None
        record = self._record(order)
        return None if record is None else self._found(order, record)

    def write(self, order: WriteOrder) -> WriteRecord:
        """Check, mark, write, check again. What an earlier try wrote is not written twice."""
        if order.mode is WriteMode.DRY_RUN:
            return WriteRecord("", {}, {})
        self._check_label(order)
        record = self._same_record(order)
        earlier = self._found(order, record)
        if earlier is not None:
            return earlier
        source = self._expected(order, record)
        before = self._before(order, record)
        self._mark(order, record, source, before)
        if order.mode is WriteMode.GROUND_TRUTH:
            self._respond(order, record, source)
        elif order.mode is WriteMode.PREDICTION:
            value = self._value(order, record, source)
            self._suggest(order.item.remote_id, value, order.score, mapping.agent_of(order.marker))
        return self._verified(order)

    def revert(self, order: WriteOrder, record: WriteRecord) -> None:
        """Undo what `record` says; what is undone already, or gone with its item, needs nothing."""
        if order.mode is WriteMode.DRY_RUN:
            return
        now = self._record(order)
        if now is None or not self._bears(order, now):
            return
        if order.mode is WriteMode.GROUND_TRUTH:
            self._take_back_response(order, record, now)
        elif order.mode is WriteMode.UPDATE:
            self._check_untouched(record, response_of(now, order.annotation_id))
        else:
            self._take_back_suggestion(order, record, now)
        self._unmark(order)

    def remove_doubles(self, order: WriteOrder, record: WriteRecord) -> int:  # noqa: ARG002 - the protocol's
        """Nothing: a user has one response to a record, and a question one suggestion."""
        return 0

    def _bears(self, order: WriteOrder, now: Raw) -> bool:
        """Whether anything of the order stands: its mark, or a suggestion that came after that was taken."""
        shown = mapping.suggestion_of(now, self._question_id)
        late = shown is not None and shown.get("agent") == mapping.agent_of(order.marker)
        return late or any(mark.marker == order.marker for mark in mapping.marks_of(now))

    # --- looking ---------------------------------------------------------------------------

    def _record(self, order: WriteOrder) -> Raw | None:
        record = self._client.record(self._dataset_id, order.item.remote_id)
        if record is None or moment(record.get("inserted_at")) != order.item.created_at:
            return None
        return record

    def _same_record(self, order: WriteOrder) -> Raw:
        record = self._record(order)
        if record is None:
            raise Conflict(f"record {order.item.remote_id} is gone")
        return record

    def _found(self, order: WriteOrder, record: Raw) -> WriteRecord | None:
        mark = next((one for one in self._marks(record) if one.marker == order.marker), None)
        if mark is None:
            return None
        if order.mode is WriteMode.PREDICTION:
            shown = mapping.suggestion_of(record, self._question_id)
            if shown is None or shown.get("agent") != mapping.agent_of(order.marker):
                return None
            return WriteRecord(str(shown["id"]), mark.before, mapping.kept(shown))
        rows = dicts(record.get("responses"))
        codec = self._codec_of(record)
        held = next((row for row in rows if mapping.holds(mark, row, self._schema, codec)), None)
        return None if held is None else WriteRecord(str(held["id"]), mark.before, mapping.kept(held))

    def _check_label(self, order: WriteOrder) -> None:
        if not self._codec.valid(order.label, self._schema):
            raise Conflict(f"the question {self._schema.control!r} has no option {order.label!r} (any more)")

    def _expected(self, order: WriteOrder, record: Raw) -> Raw:
        source = response_of(record, order.annotation_id)
        if source is None:
            raise Conflict(f"response {order.annotation_id} is gone")
        now = mapping.annotation(source, self._schema, self._marks(record), self._codec_of(record))
        if now.label is None or not self._carries(now.label, order.expected_label):
            carried = repr(now.label) if now.label else f"no label ({now.status.value})"
            raise Conflict(
                f"response {order.annotation_id} carries {carried}, not {order.expected_label!r}"
                f" (changed at {now.updated_at.isoformat()})"
            )
        return source

    def _before(self, order: WriteOrder, record: Raw) -> Raw:
        if order.mode is WriteMode.GROUND_TRUTH:
            own = self._own_response(record)
            return {"response": mapping.kept(own) if own and self._is_held(own, record) else None}
        if order.mode is WriteMode.PREDICTION:
            shown = mapping.suggestion_of(record, self._question_id)
            return {"suggestion": mapping.kept(shown) if shown else None}
        return {}

    def _own_response(self, record: Raw) -> Raw | None:
        """The service user's response: there is one at most. Conflict where we did not write it."""
        me = self._client.user_id()
        rows = dicts(record.get("responses"))
        own = next((row for row in rows if row.get("user_id") == me), None)
        if own is not None and not self._is_held(own, record) and not self._beside(record):
            raise Conflict("the service user has answered this record itself, or its answer was edited")
        return own

    def _marks(self, record: Raw) -> list[Mark]:
        return mapping.marks_for(record, self._schema.control)

    def _beside(self, record: Raw) -> list[Mark]:
        return mapping.marks_beside(record, self._schema.control)

    def _is_held(self, own: Raw, record: Raw) -> bool:
        """Whether our response carries a correction of this question."""
        codec = self._codec_of(record)
        return any(mapping.holds(mark, own, self._schema, codec) for mark in self._marks(record))

    def _codec_of(self, record: Raw) -> Codec:
        return mapping.codec_of(record, self._codec)

    def _carries(self, label: str, expected: str) -> bool:
        """Whether a label is what the order is about."""
        return label == expected

    def _verified(self, order: WriteOrder) -> WriteRecord:
        now = self._record(order)
        written = None if now is None else self._found(order, now)
        if now is None or written is None:
            raise Retryable(f"correction {order.marker} does not show after it was written")
        if order.mode is WriteMode.GROUND_TRUTH and written.remote_id != order.annotation_id:
            try:
                self._expected(order, now)
            except Conflict:  # someone was faster: their answer stands, ours goes
                self.revert(order, written)
                raise
        return written

    # --- doing -----------------------------------------------------------------------------

    def _mark(self, order: WriteOrder, record: Raw, source: Raw, before: Raw) -> None:
        value = self._value(order, record, source)
        others = [mark for mark in mapping.marks_of(record) if mark.marker != order.marker]
        mark = Mark(
            marker=order.marker,
            mode=order.mode.value,
            by=self._client.user_id(),
            label=order.label,
            response=order.annotation_id,
            stamp=str(source.get("updated_at")),
            before=before,
            question=self._schema.control,
            value=value,
            given=order.expected_label,
            installation=order.installation,
            issue=order.issue,
            item=order.item.remote_id,
        )
        self._ensure_property()
        self._put_metadata(order, mapping.with_marks(record, [*self._with_value(others, value), mark]))

    def _unmark(self, order: WriteOrder) -> None:
        record = self._record(order)
        if record is not None:
            left = [mark for mark in mapping.marks_of(record) if mark.marker != order.marker]
            own = self._own_or_none(record)
            value = None if own is None else mapping.answered(own, self._schema.control)
            self._put_metadata(order, mapping.with_marks(record, self._with_value(left, value)))

    def _with_value(self, marks: Sequence[Mark], value: Any) -> Sequence[Mark]:  # noqa: ARG002 - where labels have parts
        """Marks that stay, beside what our response answers now: of a whole label each has its own."""
        return marks

    def _put_metadata(self, order: WriteOrder, metadata: Raw) -> None:
        # The server replaces the whole: `metadata` is what was read a moment ago, with our part changed.
        self._client.api.write("PATCH", f"/api/v1/records/{order.item.remote_id}", {"metadata": metadata})

    def _ensure_property(self) -> None:
        dataset = self._client.dataset(self._dataset_id)
        if dataset.get("allow_extra_metadata"):
            return
        listed = self._client.listed(f"/api/v1/me/datasets/{self._dataset_id}/metadata-properties")
        if any(row.get("name") == mapping.MARKS for row in listed):
            return
        settings = {"name": mapping.MARKS, "title": "Secondlook", "settings": {"type": "terms"}}
        path = f"/api/v1/datasets/{self._dataset_id}/metadata-properties"
        self._client.api.write("POST", path, settings | {"visible_for_annotators": False})

    def _respond(self, order: WriteOrder, record: Raw, source: Raw) -> None:
        own = self._own_or_none(record)
        corrected = {mark.question: {"value": mark.value} for mark in self._beside(record)}
        judged = {self._schema.control: {"value": self._value(order, record, source)}}
        values = mapping.values_of(source) | corrected | judged
        body = {"status": "submitted", "values": values}
        if own is None:
            self._client.api.write("POST", f"/api/v1/records/{order.item.remote_id}/responses", body)
        else:
            self._client.api.write("PUT", f"/api/v1/responses/{own['id']}", body)

    def _value(self, order: WriteOrder, record: Raw, source: Raw) -> Any:  # noqa: ARG002 - where labels have parts
        """The label as an answer to the judged question."""
        return self._codec.write(None, self._schema, order.label, {})

    def _own_or_none(self, record: Raw) -> Raw | None:
        me = self._client.user_id()
        rows = dicts(record.get("responses"))
        return next((row for row in rows if row.get("user_id") == me), None)

    def _suggest(self, record_id: str, value: Any, score: Any, agent: Any) -> None:
        if isinstance(value, list) != isinstance(score, list):
            score = None  # one number says nothing of several values, and the server refuses it
        body = {"question_id": self._question_id, "value": value, "score": score, "agent": agent}
        self._client.api.write("PUT", f"/api/v1/records/{record_id}/suggestions", body)

    # --- undoing ---------------------------------------------------------------------------

    def _take_back_response(self, order: WriteOrder, record: WriteRecord, now: Raw) -> None:
        own = response_of(now, record.remote_id)
        if own is None:
            return
        self._check_answer(order, record, now, own)
        path = f"/api/v1/responses/{record.remote_id}"
        replaced = record.before.get("response")
        if self._beside(now):  # another question's correction stays in it
            source = replaced if isinstance(replaced, dict) else response_of(now, order.annotation_id) or {}
            values = self._with_answer_of(own, source)
            self._client.api.write("PUT", path, {"status": own["status"], "values": values})
        elif isinstance(replaced, dict):
            body = {"status": replaced["status"], "values": replaced["values"]}
            self._client.api.write("PUT", path, body)
        else:
            self._delete(path)

    def _with_answer_of(self, own: Raw, source: Raw) -> Raw:
        """Our response's values with the judged question as another response answers it."""
        control = self._schema.control
        kept = {name: held for name, held in mapping.values_of(own).items() if name != control}
        given = mapping.values_of(source).get(control)
        return kept if given is None else kept | {control: given}

    def _check_answer(self, order: WriteOrder, record: WriteRecord, now: Raw, own: Raw) -> None:
        """Conflict where somebody changed our response, but for what corrections of other questions did."""
        source = mapping.values_of(response_of(now, order.annotation_id) or {})
        values, written = mapping.values_of(own), mapping.values_of(record.after)
        corrected = {mark.question for mark in self._beside(now)}
        changed = [
            name
            for name in {*values, *written} - corrected
            if values.get(name) not in (written.get(name), source.get(name))
        ]
        if changed or own.get("status") != record.after.get("status"):
            raise Conflict(f"response {record.remote_id} was changed at {own.get('updated_at')}")

    def _take_back_suggestion(self, order: WriteOrder, record: WriteRecord, now: Raw) -> None:
        shown = mapping.suggestion_of(now, self._question_id)
        ours = (mapping.agent_of(order.marker), record.after.get("value"))
        if shown is None or (shown.get("agent"), shown.get("value")) != ours:
            return  # a model has suggested anew since, and that stands
        replaced = record.before.get("suggestion")
        if isinstance(replaced, dict):
            self._suggest(str(now["id"]), replaced["value"], replaced.get("score"), replaced.get("agent"))
        else:
            self._delete(f"/api/v1/suggestions/{shown['id']}")

    def _check_untouched(self, record: WriteRecord, response: Raw | None) -> None:
        if response is None:
            raise Conflict(f"response {record.remote_id} was deleted since it was corrected")
        known = ("status", "values", "updated_at")
        if any(response.get(key) != record.after.get(key) for key in known):
            raise Conflict(f"response {record.remote_id} was changed at {response.get('updated_at')}")

    def _delete(self, path: str) -> None:
        try:
            self._client.api.write("DELETE", path)
        except NotFound:
            return


def response_of(record: Raw, response_id: str) -> Raw | None:
    rows = dicts(record.get("responses"))
    return next((row for row in rows if str(row.get("id")) == response_id), None)
