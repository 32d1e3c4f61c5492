"""JSON as platforms hold it, and the results of Label Studio. Pure; no shape of JSON makes it raise.

Shared by the adapters and by the codecs of label types.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from connector.model import LabelSchema, ObjectTag
from connector.ports import Codec, ItemCodec

Raw = Mapping[str, Any]
Region = dict[str, Any]

# The label control of a review project, and what it refers to, whatever the source calls them.
REVIEW_CONTROL, REVIEW_TARGET = "label", "item"
# What a codec says of a question beside its context, on platforms where neither has a place of its own.
REVIEW_CONTEXT, REVIEW_ASKED = "secondlook_context", "secondlook_asked"
MARKER = "secondlook"  # key in a result item's `meta` that names our correction
BY = "secondlook_by"  # beside it: the user who wrote, so that a later edit shows
REMOVED = "secondlook_removed"  # on a region: the same of corrections whose own region is gone, in a list
CHOICE_PATH = " / "  # between the levels of nested choices
NO_LABEL = "secondlook:none"  # the answer that no label can be given, where a platform demands one


def of_item(codec: Codec, shown: Raw, tags: Sequence[ObjectTag] = ()) -> Codec:
    """The codec for what is said about an item, which shows this; the codec where it needs none of it."""
    return codec.for_item(shown, tags) if isinstance(codec, ItemCodec) else codec


def dicts(value: Any) -> Sequence[Region]:
    """The objects in a list; nothing of anything else."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def finite(value: Any) -> float | None:
    """A number that can be counted with."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def class_scores(scores: Any) -> dict[str, float] | None:
    """Numbers by class; None unless there are some and all are numbers."""
    if not isinstance(scores, dict) or not scores:
        return None
    numbers = {str(name): finite(score) for name, score in scores.items()}
    known = {name: score for name, score in numbers.items() if score is not None}
    return known if len(known) == len(numbers) else None


def regions_of(result: Any, control: str) -> list[Region]:
    """The parts of a result that a control produced."""
    return [region for region in dicts(result) if region.get("from_name") == control]


def values_in(region: Raw, key: str) -> Any:
    """What a region's `value` holds under a key; None for nothing."""
    value = region.get("value")
    return value.get(key) if isinstance(value, dict) else None


def choices_of(region: Raw) -> list[str] | None:
    """The values of a Choices region, paths of nested ones joined; None if it is not one."""
    choices = values_in(region, "choices")
    if not isinstance(choices, list):
        return None
    named = [_choice(choice) for choice in choices]
    known = [choice for choice in named if choice is not None]
    return known if len(known) == len(named) else None


def _choice(held: Any) -> str | None:
    """A value, or the path of a nested one from the topmost choice down."""
    if isinstance(held, str):
        return held
    if isinstance(held, list) and held and all(isinstance(level, str) for level in held):
        return CHOICE_PATH.join(held)
    return None


def meta_of(region: Raw) -> dict[str, Any]:
    """A region's `meta`, or an empty one."""
    meta = region.get("meta")
    return meta if isinstance(meta, dict) else {}


def meta_scores(result: Any, control: str) -> dict[str, float] | None:
    """The class scores that a prediction's result carries in `meta.class_scores`, if they are some."""
    known = (class_scores(meta_of(region).get("class_scores")) for region in regions_of(result, control))
    return next((scores for scores in known if scores is not None), None)


def with_value(result: Any, schema: LabelSchema, kind: str, value: Any, meta: Raw) -> list[Region]:
    """A result with one region in the label control, `value` under `kind` in it, and all others as they were.

    Its id is text: a number would hang Label Studio's page.
    """
    old = regions_of(result, schema.control)
    region = {
        "id": str(old[0].get("id") or "label") if old else "label",
        "from_name": schema.control,
        "to_name": schema.to_name,
        "type": kind,
        "value": {kind: value},
        "meta": dict(meta),
    }
    return [*(other for other in dicts(result) if other.get("from_name") != schema.control), region]


def with_choices(result: Any, schema: LabelSchema, labels: Sequence[str], meta: Raw) -> list[Region]:
    """`with_value` for classes: as paths where the result holds paths, as nested choices do."""
    held = [values_in(region, "choices") for region in regions_of(result, schema.control)]
    nested = any(isinstance(one, list) for each in held if isinstance(each, list) for one in each)
    choices = [label.split(CHOICE_PATH) if nested else label for label in labels]
    return with_value(result, schema, "choices", choices, meta)


def marks_on(region: Raw) -> list[dict[str, Any]]:
    """The marks of ours that a region carries: its own, and those of regions that are gone."""
    meta = meta_of(dict(region))
    marks = (meta, *dicts(meta.get(REMOVED)))
    return [one for one in marks if isinstance(one.get(MARKER), str) and one[MARKER]]


def written_by_us(result: Any, updated_by: str | None) -> bool:
    """Whether a marked result is still as we wrote it: nobody else has saved it since."""
    meta = next((mark for region in dicts(result) for mark in marks_on(region)), None)
    return meta is not None and (updated_by is None or updated_by == meta.get(BY, updated_by))
