"""Label Studio's JSON ↔ our vocabulary. Pure; no shape of a result makes it raise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connector.model import (
    Annotation,
    Item,
    ItemRef,
    LabelSchema,
    LabelStatus,
    OwnWrite,
    Prediction,
    WriteOrigin,
)
from connector.model.item_data import value_at
from connector.model.moments import moment
from connector.platforms.results import (
    BY,
    MARKER,
    REMOVED,
    dicts,
    finite,
    marks_on,
    meta_of,
    of_item,
    regions_of,
    written_by_us,
)
from connector.ports import Codec, PartsCodec

CONTROL = "secondlook_control"  # beside it: which control was corrected
BEFORE = "secondlook_before"  # beside it: what is needed to undo the write
ORIGIN = "secondlook_of"  # beside it: whose correction of what, for a database that does not know it
MARKS = (MARKER, BY, CONTROL, BEFORE, ORIGIN, REMOVED)

Raw = Mapping[str, Any]


def item(raw: Raw, schema: LabelSchema, codec: Codec) -> Item:
    """A task with its annotations and the predictions that are not our own."""
    codec = codec_of(raw, schema, codec)
    rows = [a for a in dicts(raw.get("annotations")) if "id" in a]
    annotations = [annotation(a, schema, codec) for a in rows if not repeats_another(a, rows, schema.control)]
    predictions = [(p, marker_of(p.get("result"))) for p in dicts(raw.get("predictions")) if "id" in p]
    data = raw.get("data")
    return Item(
        remote_id=str(raw["id"]),
        created_at=moment(raw.get("created_at")),
        updated_at=moment(raw.get("updated_at")),
        data=data if isinstance(data, dict) else {},
        annotations=tuple(annotations),
        predictions=tuple(prediction(p, schema, codec) for p, marker in predictions if marker is None),
        own_writes=tuple(own_writes(raw, schema, codec)),
    )


def own_writes(raw: Raw, schema: LabelSchema, codec: Codec) -> Iterator[OwnWrite]:
    """The corrections of this control that stand in a task, as far as their marks say."""
    for row in dicts(raw.get("annotations")):
        metas = _marked(row.get("result"), schema.control) if "id" in row else []
        untouched = written_by_us(row.get("result"), user_id(row.get("updated_by")))
        for meta in metas if untouched or isinstance(codec, PartsCodec) else ():
            yield _own_write(row, meta, schema, codec, untouched=untouched)
    for row in dicts(raw.get("predictions")):
        meta = mark_meta(row.get("result"))
        if "id" in row and meta:
            yield _own_write(row, meta, schema, codec, untouched=True)


def _own_write(row: Raw, meta: Raw, schema: LabelSchema, codec: Codec, *, untouched: bool) -> OwnWrite:
    marker, origin = meta[MARKER], WriteOrigin.from_json(meta.get(ORIGIN))
    stands = origin is not None and meta.get(CONTROL, schema.control) == schema.control
    if origin is None or not stands or not _carries(row, origin, schema, codec):
        return OwnWrite(str(row["id"]), marker, untouched)
    return OwnWrite(str(row["id"]), marker, untouched, origin, _replaced(row, meta), kept(row))


def _carries(row: Raw, origin: WriteOrigin, schema: LabelSchema, codec: Codec) -> bool:
    label = None if row.get("was_cancelled") else codec.read(row.get("result"), schema).label
    if isinstance(codec, PartsCodec):
        return label is not None and codec.follows(label, origin.given, origin.label)
    return label == origin.label


def _replaced(row: Raw, meta: Raw) -> dict[str, Any]:
    """What a write replaced, as its annotation's marks say."""
    before = meta.get(BEFORE)
    truths = truths_before(row.get("result")) or []
    return {"ground_truth_ids": truths, **(before if isinstance(before, dict) else {})}


def truths_before(result: Any) -> list[Any] | None:
    """What was ground truth before we made this annotation, as its first mark knows; None without one."""
    marks = [held for one in _marked(result) if isinstance(held := one.get(BEFORE), dict)]
    truths = (one.get("ground_truth_ids") for one in marks)
    return next((one for one in truths if isinstance(one, list)), None)


def kept(raw: Raw) -> dict[str, Any]:
    """What the journal keeps of an annotation or prediction: no names of people."""
    keys = (
        "id",
        "result",
        "ground_truth",
        "was_cancelled",
        "completed_by",
        "updated_by",
        "parent_annotation",
        "model_version",
        "score",
        "created_at",
        "updated_at",
    )
    return {key: raw[key] for key in keys if key in raw}


def codec_of(raw: Raw, schema: LabelSchema, codec: Codec) -> Codec:
    """The codec for what is said about this task: objects of the config show fields of its data."""
    shown = {tag.name: value_at(raw.get("data"), tag.field) for tag in schema.objects}
    return of_item(codec, shown, schema.objects)


def item_ref(raw: Raw) -> ItemRef:
    """A task's identity."""
    return ItemRef(str(raw["id"]), moment(raw.get("created_at")))


def annotation(raw: Raw, schema: LabelSchema, codec: Codec) -> Annotation:
    """One annotation, with its label if it carries a valid one."""
    result = raw.get("result")
    known = codec.read(result, schema)
    label, status = known.label, known.status
    if raw.get("was_cancelled"):
        label, status = None, LabelStatus.CANCELLED
    updated_by = user_id(raw.get("updated_by"))
    return Annotation(
        remote_id=str(raw["id"]),
        annotator=user_id(raw.get("completed_by")),
        label=label,
        status=status,
        result=result if isinstance(result, list) else [],
        created_at=moment(raw.get("created_at")),
        updated_at=moment(raw.get("updated_at")),
        updated_by=updated_by,
        ground_truth=bool(raw.get("ground_truth")),
        marker=marker_of(result, schema.control) if written_by_us(result, updated_by) else None,
    )


def prediction(raw: Raw, schema: LabelSchema, codec: Codec) -> Prediction:
    """One prediction; class scores where its result carries them."""
    result = raw.get("result")
    says = bool(regions_of(result, schema.control))  # else it is about another control
    return Prediction(
        remote_id=str(raw["id"]),
        model_version=str(raw.get("model_version") or ""),
        label=codec.read(result, schema).label if says else None,
        score=finite(raw.get("score")),
        class_scores=codec.scores(result, schema),
        updated_at=moment(raw.get("updated_at")),
    )


def marker_of(result: Any, control: str | None = None) -> str | None:
    """The correction that a result was written for: of that control, else the first."""
    return next(iter(_marked(result, control)), {}).get(MARKER)


def mark_meta(result: Any, control: str | None = None) -> dict[str, Any]:
    """The `meta` that carries our marker, of that control or the first, or an empty one."""
    return next(iter(_marked(result, control)), {})


def ours_for(raw: Raw) -> str | None:
    """The annotation beside which we made this one, if we made it and nobody else has saved it since."""
    result, parent = raw.get("result"), raw.get("parent_annotation")
    by = mark_meta(result).get(BY)
    by_us = by is not None and user_id(raw.get("completed_by")) == by
    return str(parent) if by_us and parent and written_by_us(result, user_id(raw.get("updated_by"))) else None


def repeats_another(raw: Raw, rows: Sequence[Raw], control: str) -> bool:
    """Whether we made this annotation for other controls, so that in this one it says what another says."""
    source = None if marker_of(raw.get("result"), control) else ours_for(raw)
    return source is not None and any(str(one["id"]) == source for one in rows)


def unmarked(result: Any) -> list[dict[str, Any]]:
    """A result without what we noted in it: a copy stands for no correction."""
    return [_without_marks(region) for region in dicts(result)]


def _without_marks(region: dict[str, Any]) -> dict[str, Any]:
    if not marks_on(region):
        return region
    kept = {key: value for key, value in meta_of(region).items() if key not in MARKS}
    return {key: value for key, value in region.items() if key != "meta"} | ({"meta": kept} if kept else {})


def _marked(result: Any, control: str | None = None) -> list[dict[str, Any]]:
    """The metas that carry a marker of ours: of one control, or of any."""
    marked = [(region, meta) for region in dicts(result) for meta in marks_on(region)]
    # A region that is gone can carry nothing: then another control's says whose correction it was.
    return [m for region, m in marked if control in (None, m.get(CONTROL, region.get("from_name")))]


def user_id(value: Any) -> str | None:
    """A user as a number (lists, webhooks) or as an object (one task) → its id."""
    if isinstance(value, dict):
        value = value.get("id")
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    return str(value) or None
