"""Label Studio's JSON ↔ our vocabulary. Pure; no shape of a result makes it raise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from connector.model import Annotation, Item, ItemRef, LabelSchema, LabelStatus, Prediction
from connector.model.item_data import value_at
from connector.platforms.results import dicts, finite, meta_of, of_item, regions_of
from connector.ports import Codec

MARKER = "secondlook"  # key in a result item's `meta` that names our correction
BY = "secondlook_by"  # beside it: the user who wrote, so that a later edit shows
CONTROL = "secondlook_control"  # beside it: which control was corrected
BEFORE = "secondlook_before"  # beside it: what is needed to undo the write
EPOCH = datetime.fromtimestamp(0, tz=UTC)

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
        own_predictions=tuple((str(p["id"]), marker) for p, marker in predictions if marker is not None),
    )


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


def written_by_us(result: Any, updated_by: str | None) -> bool:
    """Whether a marked result is still as we wrote it: nobody else has saved it since."""
    meta = next(iter(_marked(result)), None)
    return meta is not None and (updated_by is None or updated_by == meta.get(BY, updated_by))


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
    if not meta_of(region).get(MARKER):
        return region
    kept = {key: value for key, value in meta_of(region).items() if key not in (MARKER, BY, CONTROL, BEFORE)}
    return {key: value for key, value in region.items() if key != "meta"} | ({"meta": kept} if kept else {})


def _marked(result: Any, control: str | None = None) -> list[dict[str, Any]]:
    """The metas that carry a marker of ours: of one control, or of any."""
    known = ((region, meta_of(region)) for region in dicts(result))
    marked = [(region, meta) for region, meta in known if isinstance(meta.get(MARKER), str) and meta[MARKER]]
    # A region that is gone can carry nothing: then another control's says whose correction it was.
    return [m for region, m in marked if control in (None, m.get(CONTROL, region.get("from_name")))]


def user_id(value: Any) -> str | None:
    """A user as a number (lists, webhooks) or as an object (one task) → its id."""
    if isinstance(value, dict):
        value = value.get("id")
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    return str(value) or None


def moment(value: Any) -> datetime:
    """A time as the server writes it; 1970 for what is none."""
    if not isinstance(value, str):
        return EPOCH
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        return EPOCH
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
