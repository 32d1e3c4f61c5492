"""Corrections of single parts of an answer (spans): all that stand are in one response of ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from connector.errors import Conflict, Misconfigured, Rejected
from connector.model import WriteMode, WriteOrder, WriteRecord
from connector.platforms.argilla import mapping
from connector.platforms.argilla.mapping import Mark
from connector.platforms.argilla.writes import ArgillaWriter, response_of
from connector.ports import ItemCodec, PartsCodec

Raw = dict[str, Any]


class ArgillaPartsWriter(ArgillaWriter):
    """Writes to one source dataset whose labels have parts."""

    def prepare(self, order: WriteOrder) -> Raw:
        """What the order would replace; Misconfigured for a mode that knows no parts."""
        _check_mode(order)
        return super().prepare(order)

    def write(self, order: WriteOrder) -> WriteRecord:
        """As of any label; Misconfigured for a mode that knows no parts."""
        _check_mode(order)
        return super().write(order)

    def _carries(self, label: str, expected: str) -> bool:
        return isinstance(self._codec, PartsCodec) and self._codec.carries(label, expected)

    def _follows(self, label: str, order: WriteOrder) -> bool:
        follows = isinstance(self._codec, PartsCodec) and self._codec.follows
        return bool(follows and follows(label, order.expected_label, order.label))

    def _value(self, order: WriteOrder, record: Raw, source: Raw) -> Any:
        """What our response says already, else what the corrected one says, with this part changed."""
        base = self._held(record)
        answer = mapping.answered(source if base is None else base, self._schema.control)
        return self._patched(record, answer, order.expected_label, order.label)

    def _with_value(self, marks: Sequence[Mark], value: Any) -> Sequence[Mark]:
        ours = ("", self._schema.control)
        return [
            replace(mark, value=value)
            if mark.question in ours and mark.mode == WriteMode.GROUND_TRUTH
            else mark
            for mark in marks
        ]

    def _take_back_response(self, order: WriteOrder, record: WriteRecord, now: Raw) -> None:
        """Put the one part back; with the last correction the response goes."""
        own = response_of(now, record.remote_id)
        if own is None:
            return
        label = mapping.reading(own, self._schema, self._codec_of(now)).label
        if label is None or not self._follows(label, order):
            if label is not None and self._carries(label, order.expected_label):
                return  # by an earlier try, which was killed before it took the mark away
            raise Conflict(f"response {record.remote_id} was changed at {own.get('updated_at')}")
        answer = mapping.answered(own, self._schema.control)
        value = self._patched(now, answer, order.label, order.expected_label)
        path = f"/api/v1/responses/{record.remote_id}"
        if self._others(order, own, now) or self._beside(now):
            values = mapping.values_of(own) | {self._schema.control: {"value": value}}
            self._client.api.write("PUT", path, {"status": own["status"], "values": values})
        else:
            self._delete(path)

    def _others(self, order: WriteOrder, own: Raw, now: Raw) -> list[Mark]:
        """Other corrections of this question that our response carries."""
        marks = [mark for mark in self._marks(now) if mark.marker != order.marker]
        codec = self._codec_of(now)
        return [mark for mark in marks if mapping.holds(mark, own, self._schema, codec)]

    def _held(self, record: Raw) -> Raw | None:
        """Our response, where it carries corrections of this question."""
        own = self._own_or_none(record)
        return own if own is not None and self._is_held(own, record) else None

    def _patched(self, record: Raw, answer: Any, given: str, part: str) -> Any:
        codec = self._codec_of(record)
        if not isinstance(codec, ItemCodec):
            raise TypeError("labels with parts need a codec that knows the item")
        value = codec.patch(answer, self._schema, given, part, {})
        refused = codec.refused(value, self._schema)
        if refused is not None:
            raise Rejected(refused)
        return value


def _check_mode(order: WriteOrder) -> None:
    if order.mode is WriteMode.PREDICTION:
        raise Misconfigured(
            "Argilla holds one suggestion for a question, so corrections of spans cannot be suggestions",
            field="writeback.mode",
            remedy="Set it to 'ground_truth', 'update' or 'dry_run'.",
        )
