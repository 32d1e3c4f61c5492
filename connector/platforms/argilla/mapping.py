"""Argilla's JSON ↔ our vocabulary. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connector.model import (
    Annotation,
    Item,
    ItemRef,
    LabelSchema,
    LabelStatus,
    OwnWrite,
    Prediction,
    Reading,
    WriteMode,
    WriteOrigin,
)
from connector.model.moments import moment
from connector.platforms import results
from connector.platforms.results import dicts, finite
from connector.ports import Codec, PartsCodec

MARKS = "secondlook"  # key in a record's metadata: our corrections, as JSON text
SCORES = "class_scores"  # key in a record's metadata where others may give probabilities by class
VECTORS = "vectors."  # prefix, in an item's data, of the vectors of a record
AGENT = "secondlook "  # prefix of the agent of a suggestion that is a correction of ours

Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Mark:
    """What we leave in a record's metadata with a correction: enough to find it again and to undo it."""

    marker: str
    mode: str
    by: str  # the service user
    label: str
    response: str  # the response that was corrected
    stamp: str  # its `updated_at` then: a later edit of it shows
    before: dict[str, Any]
    question: str = ""  # that the correction is about; empty in a mark of the time when it was the only one
    value: Any = None  # the label as the server holds it
    given: str = ""  # the label, or the part, in whose place `label` stands
    installation: str = ""  # whose correction it is, and of which issue
    issue: str = ""
    item: str = ""  # the record: a copy of it in another dataset has another id

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


def marks_of(record: Raw) -> list[Mark]:
    """Our corrections of a record; what cannot be read is not ours."""
    held = metadata_of(record).get(MARKS)
    try:
        entries = json.loads(held) if isinstance(held, str) else []
        return [Mark(**entry) for entry in entries if isinstance(entry, dict)]
    except (ValueError, TypeError, RecursionError):
        return []


def marks_for(record: Raw, question: str) -> list[Mark]:
    """Those that are about one question."""
    return [mark for mark in marks_of(record) if mark.question in ("", question)]


def marks_beside(record: Raw, question: str) -> list[Mark]:
    """Those of the other questions whose label stands in the service user's response."""
    others = [mark for mark in marks_of(record) if mark.question not in ("", question)]
    rows = dicts(record.get("responses"))
    return [mark for mark in others if any(stands(mark, row) for row in rows)]


def stands(mark: Mark, response: Raw) -> bool:
    """Whether a response of ours carries the correction of whatever question."""
    ours = mark.mode == WriteMode.GROUND_TRUTH and response.get("user_id") == mark.by
    return ours and answered(response, mark.question) == mark.value


def with_marks(record: Raw, marks: Sequence[Mark]) -> dict[str, Any]:
    """The record's metadata with these marks and all else as it is."""
    kept = {key: value for key, value in metadata_of(record).items() if key != MARKS}
    if marks:
        text = json.dumps([mark.as_json() for mark in marks], ensure_ascii=False)
        kept[MARKS] = text
    return kept


def metadata_of(record: Raw) -> dict[str, Any]:
    held = record.get("metadata")
    return held if isinstance(held, dict) else {}


def codec_of(record: Raw, codec: Codec) -> Codec:
    """The codec for what is said about this record."""
    fields = record.get("fields")
    return results.of_item(codec, fields if isinstance(fields, dict) else {})


def item(record: Raw, schema: LabelSchema, question_id: str, codec: Codec) -> Item:
    """A record with its responses (drafts left out) and the suggestion for the judged question."""
    marks = marks_for(record, schema.control)
    beside = marks_beside(record, schema.control)
    codec = codec_of(record, codec)
    fields = record.get("fields")
    rows = [row for row in dicts(record.get("responses")) if row.get("status") != "draft" and "id" in row]
    # Ours for another question repeats in this one what the response says that it was written beside.
    given = [
        row
        for row in rows
        if not any(stands(mark, row) for mark in beside)
        or any(holds(mark, row, schema, codec) for mark in marks)
    ]
    return Item(
        remote_id=str(record["id"]),
        created_at=moment(record.get("inserted_at")),
        updated_at=moment(record.get("updated_at")),
        data=(fields if isinstance(fields, dict) else {}) | vectors_of(record),
        annotations=tuple(annotation(row, schema, marks, codec) for row in given),
        predictions=tuple(predictions(record, schema, question_id, marks, codec)),
        own_writes=tuple(own_writes(record, schema, question_id, codec)),
    )


def vectors_of(record: Raw) -> dict[str, Any]:
    """The record's vectors that were asked for, under the names that settings call them by."""
    held = record.get("vectors")
    return {f"{VECTORS}{name}": value for name, value in held.items()} if isinstance(held, dict) else {}


def item_ref(record: Raw) -> ItemRef:
    return ItemRef(str(record["id"]), moment(record.get("inserted_at")))


def annotation(response: Raw, schema: LabelSchema, marks: Sequence[Mark], codec: Codec) -> Annotation:
    """One response; under a correction of ours in the metadata, the label that this gives it."""
    held = [one for one in marks if holds(one, response, schema, codec)]
    mark = held[-1] if held else None
    result = _corrected(held, reading(response, schema, codec), response, schema, codec)
    values = values_of(response)
    return Annotation(
        remote_id=str(response["id"]),
        annotator=str(response["user_id"]) if response.get("user_id") else None,
        label=result.label,
        status=result.status,
        result=[{"question": name, "value": answered(response, name)} for name in values],
        created_at=moment(response.get("inserted_at")),
        updated_at=moment(response.get("updated_at")),
        ground_truth=mark is not None and mark.mode == WriteMode.GROUND_TRUTH,
        marker=mark.marker if mark else None,
    )


def _corrected(
    held: Sequence[Mark], result: Reading, response: Raw, schema: LabelSchema, codec: Codec
) -> Reading:
    """The label under the corrections that a response carries; each of a part changes this part alone."""
    valid = [mark for mark in held if codec.valid(mark.label, schema)]
    if not isinstance(codec, PartsCodec):
        return Reading(valid[-1].label, LabelStatus.VALID) if valid else result
    noted = [mark for mark in valid if mark.mode == WriteMode.UPDATE]
    if not noted:
        return result
    raw = answered(response, schema.control)
    for mark in noted:
        raw = codec.patch(raw, schema, mark.given, mark.label, {})
    return codec.read(raw, schema)


def holds(mark: Mark, response: Raw, schema: LabelSchema, codec: Codec) -> bool:
    """Whether a response carries the correction, untouched by anybody since."""
    if mark.mode == WriteMode.UPDATE:
        return str(response.get("id")) == mark.response and response.get("updated_at") == mark.stamp
    if mark.mode != WriteMode.GROUND_TRUTH or response.get("user_id") != mark.by:
        return False
    label = reading(response, schema, codec).label
    if isinstance(codec, PartsCodec):
        return label is not None and codec.follows(label, mark.given, mark.label)
    return label == mark.label


def reading(response: Raw, schema: LabelSchema, codec: Codec) -> Reading:
    """The label that a response gives, or why there is none."""
    if response.get("status") == "discarded":
        return Reading(None, LabelStatus.CANCELLED)
    return codec.read(answered(response, schema.control), schema)


def values_of(response: Raw) -> dict[str, Any]:
    """A response's values by question, as the server holds them."""
    values = response.get("values")
    return values if isinstance(values, dict) else {}


def answered(response: Raw, question: str) -> Any:
    """What a response says to a question; None for nothing."""
    held = values_of(response).get(question)
    return held.get("value") if isinstance(held, dict) else None


def predictions(
    record: Raw, schema: LabelSchema, question_id: str, marks: Sequence[Mark], codec: Codec
) -> list[Prediction]:
    """The model's suggestion; where a correction of ours stands in its place, the one that it replaced."""
    shown = suggestion_of(record, question_id)
    if shown is not None and is_ours(shown):
        agent = shown.get("agent")
        mark = next((one for one in marks if agent_of(one.marker) == agent), None)
        replaced = mark.before.get("suggestion") if mark else None
        shown = replaced if isinstance(replaced, dict) else None
    return [] if shown is None else [_prediction(shown, schema, codec, metadata_of(record).get(SCORES))]


def own_writes(record: Raw, schema: LabelSchema, question_id: str, codec: Codec) -> Iterator[OwnWrite]:
    """The corrections of one question that stand in a record, as far as their marks say."""
    marks = marks_for(record, schema.control)
    for mark in marks:
        rows = (row for row in dicts(record.get("responses")) if "id" in row)
        row = next((row for row in rows if holds(mark, row, schema, codec)), None)
        if row is not None:
            yield _own_write(row, mark)
    shown = suggestion_of(record, question_id)
    if shown is not None and is_ours(shown):
        marker = str(shown["agent"]).removeprefix(AGENT)
        noted = next((one for one in marks if one.marker == marker), None)
        yield OwnWrite(str(shown.get("id")), marker) if noted is None else _own_write(shown, noted)


def _own_write(row: Raw, mark: Mark) -> OwnWrite:
    origin = WriteOrigin.from_json(mark.as_json() | {"annotation": mark.response})
    return OwnWrite(str(row.get("id")), mark.marker, origin=origin, before=mark.before, after=kept(row))


def kept(raw: Raw) -> dict[str, Any]:
    """What the journal keeps of a response or suggestion: no names of people."""
    keys = ("id", "user_id", "status", "values", "value", "score", "agent", "inserted_at", "updated_at")
    return {key: raw[key] for key in keys if key in raw}


def suggestion_of(record: Raw, question_id: str) -> dict[str, Any] | None:
    """The suggestion for a question: there is one at most."""
    rows = dicts(record.get("suggestions"))
    return next((row for row in rows if str(row.get("question_id")) == question_id), None)


def is_ours(suggestion: Raw) -> bool:
    return str(suggestion.get("agent") or "").startswith(AGENT)


def agent_of(marker: str) -> str:
    """The agent under which a correction is suggested; of what the server allows in one."""
    return f"{AGENT}{marker}"


def _prediction(suggestion: Raw, schema: LabelSchema, codec: Codec, scores: Any) -> Prediction:
    return Prediction(
        remote_id=str(suggestion.get("id")),
        model_version=str(suggestion.get("agent") or ""),
        label=codec.read(suggestion.get("value"), schema).label,
        score=finite(suggestion.get("score")),  # a list of scores belongs to several labels
        class_scores=_scores(suggestion, schema, codec, scores),
        updated_at=moment(suggestion.get("updated_at")),
    )


def _scores(suggestion: Raw, schema: LabelSchema, codec: Codec, noted: Any) -> Mapping[str, float] | None:
    """What the record's metadata say of classes; parts are no classes, and have their own scores."""
    known = None if isinstance(codec, PartsCodec) else class_scores(noted)
    return known or codec.scores(suggestion, schema)


def class_scores(value: Any) -> dict[str, float] | None:
    """Probabilities by class, given as an object or as JSON text; None unless all are numbers."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    return results.class_scores(value)
