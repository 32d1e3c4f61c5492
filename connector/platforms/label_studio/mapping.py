"""Label Studio's JSON ↔ our vocabulary. Pure; no shape of a result makes it raise."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from connector.model import Annotation, Item, ItemRef, LabelSchema, LabelStatus, Prediction

MARKER = "secondlook"  # key in a result item's `meta` that names our correction
BY = "secondlook_by"  # beside it: the user who wrote, so that a later edit shows
BEFORE = "secondlook_before"  # beside it: what is needed to undo the write
EPOCH = datetime.fromtimestamp(0, tz=UTC)

Raw = Mapping[str, Any]


def item(raw: Raw, schema: LabelSchema) -> Item:
    """A task with its annotations and the predictions that are not our own."""
    annotations = [annotation(a, schema) for a in dicts(raw.get("annotations")) if "id" in a]
    predictions = [p for p in dicts(raw.get("predictions")) if "id" in p and not marker_of(p.get("result"))]
    data = raw.get("data")
    return Item(
        remote_id=str(raw["id"]),
        created_at=moment(raw.get("created_at")),
        updated_at=moment(raw.get("updated_at")),
        data=data if isinstance(data, dict) else {},
        annotations=tuple(annotations),
        predictions=tuple(prediction(p, schema) for p in predictions),
    )


def item_ref(raw: Raw) -> ItemRef:
    """A task's identity."""
    return ItemRef(str(raw["id"]), moment(raw.get("created_at")))


def annotation(raw: Raw, schema: LabelSchema) -> Annotation:
    """One annotation, with its label if it carries exactly one known class."""
    result = raw.get("result")
    label, status = label_of(result, schema)
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
        marker=marker_of(result) if written_by_us(result, updated_by) else None,
    )


def prediction(raw: Raw, schema: LabelSchema) -> Prediction:
    """One prediction; class scores where its result carries them."""
    result = raw.get("result")
    label, _ = label_of(result, schema)
    return Prediction(
        remote_id=str(raw["id"]),
        model_version=str(raw.get("model_version") or ""),
        label=label,
        score=finite(raw.get("score")),
        class_scores=class_scores(result, schema.control),
        updated_at=moment(raw.get("updated_at")),
    )


def label_of(result: Any, schema: LabelSchema) -> tuple[str | None, LabelStatus]:
    """The one class that a result gives to the label control, or why there is none."""
    if not isinstance(result, list):
        return None, LabelStatus.UNREADABLE
    regions = regions_of(result, schema.control)
    if not regions:
        only_rubbish = bool(result) and not dicts(result)
        return None, LabelStatus.UNREADABLE if only_rubbish else LabelStatus.EMPTY
    values: set[str] = set()
    for region in regions:
        choices = choices_of(region)
        if choices is None:
            return None, LabelStatus.UNREADABLE
        values.update(choices)
    if not values:
        return None, LabelStatus.EMPTY
    if len(values) > 1:
        return None, LabelStatus.SEVERAL
    label = values.pop()
    if label not in schema.classes:
        return None, LabelStatus.UNKNOWN_CLASS
    return label, LabelStatus.VALID


def choices_of(region: Raw) -> list[str] | None:
    """The values of a Choices region; None if it is not one."""
    value = region.get("value")
    choices = value.get("choices") if isinstance(value, dict) else None
    if not isinstance(choices, list) or not all(isinstance(choice, str) for choice in choices):
        return None
    return choices


def regions_of(result: Any, control: str) -> list[dict[str, Any]]:
    """The parts of a result that a control produced."""
    return [region for region in dicts(result) if region.get("from_name") == control]


def class_scores(result: Any, control: str) -> dict[str, float] | None:
    """The class scores that a prediction's result carries in `meta.class_scores`, if they are some."""
    for region in regions_of(result, control):
        scores = meta_of(region).get("class_scores")
        if not isinstance(scores, dict) or not scores:
            continue
        numbers = {str(name): finite(score) for name, score in scores.items()}
        known = {name: score for name, score in numbers.items() if score is not None}
        if len(known) == len(numbers):
            return known
    return None


def marker_of(result: Any) -> str | None:
    """The correction that a result was written for."""
    for region in dicts(result):
        marker = meta_of(region).get(MARKER)
        if isinstance(marker, str) and marker:
            return marker
    return None


def written_by_us(result: Any, updated_by: str | None) -> bool:
    """Whether a marked result is still as we wrote it: nobody else has saved it since."""
    if marker_of(result) is None:
        return False
    return updated_by is None or updated_by == mark_meta(result).get(BY, updated_by)


def mark_meta(result: Any) -> dict[str, Any]:
    """The `meta` that carries our marker, or an empty one."""
    for region in dicts(result):
        meta = meta_of(region)
        if meta.get(MARKER):
            return meta
    return {}


def relabelled(result: Any, schema: LabelSchema, label: str, meta: Raw) -> list[dict[str, Any]]:
    """A result with `label` in the label control, our mark on it, and all other regions as they were."""
    old = regions_of(result, schema.control)
    kept = [region for region in dicts(result) if region.get("from_name") != schema.control]
    return [*kept, label_region(schema, label, meta, str(old[0].get("id") or "label") if old else "label")]


def label_region(schema: LabelSchema, label: str, meta: Raw, region_id: str = "label") -> dict[str, Any]:
    """One Choices region. Its id is text: a number would hang Label Studio's page."""
    return {
        "id": region_id,
        "from_name": schema.control,
        "to_name": schema.to_name,
        "type": "choices",
        "value": {"choices": [label]},
        "meta": dict(meta),
    }


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


def finite(value: Any) -> float | None:
    """A number that can be counted with."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def meta_of(region: Raw) -> dict[str, Any]:
    """A region's `meta`, or an empty one."""
    meta = region.get("meta")
    return meta if isinstance(meta, dict) else {}


def dicts(value: Any) -> Sequence[dict[str, Any]]:
    """The objects in a list; nothing of anything else."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
