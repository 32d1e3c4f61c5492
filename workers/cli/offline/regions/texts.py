"""The text of an item as Label Studio's tags count it, and where a region of theirs lies in it.

A file has no labelling config: what an item's field holds tells which tag shows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.model.item_text import utterances
from workers.detect.predictions.region_values import NO_OFFSETS, whole_offsets
from workers.label_types.spans.objects import Dialogue, PlainSpanText, RenderedHtml, SpanObject

NO_GLOBAL = "hypertext span without globalOffsets, at a node that cannot be told"
UTTERANCE_KEYS = ("text", "utterance", "content", "message")


def object_in(value: Any, *, html: bool) -> SpanObject | None:
    """What spans of a field's value lie in; None for a value that is no text."""
    if isinstance(value, str):
        return RenderedHtml(value) if html else PlainSpanText(value)
    return _dialogue(value)


def text_of(value: Any, *, html: bool) -> str | None:
    """The text that offsets count in: of a dialogue its utterances, a line each. None for anything else."""
    result = object_in(value, html=html)
    return None if result is None else result.text


def span_in(value: Mapping[str, Any], held: Any) -> tuple[int, int] | str:
    """Start and end of a region in `text_of(held)`; or why there are none."""
    dialogue = _dialogue(held)
    if dialogue is not None:
        return _in_dialogue(value, dialogue)
    spots = value.get("globalOffsets")
    if isinstance(spots, Mapping):
        value = spots
    elif isinstance(value.get("start"), str):
        result = RenderedHtml(held).offsets(value) if isinstance(held, str) else None
        return NO_GLOBAL if result is None else result
    return whole_offsets(value.get("start"), value.get("end"))


def _in_dialogue(value: Mapping[str, Any], dialogue: Dialogue) -> tuple[int, int] | str:
    same = str(value.get("start")) == str(value.get("end"))
    offsets = whole_offsets(value.get("startOffset"), value.get("endOffset"), ordered=same)
    result = dialogue.offsets(value)
    return offsets if isinstance(offsets, str) else NO_OFFSETS if result is None else result


def _dialogue(value: Any) -> Dialogue | None:
    """Utterances under the first key that any of them has."""
    held = value if isinstance(value, list) else []
    key = next(
        (key for key in UTTERANCE_KEYS if any(isinstance(one, dict) and key in one for one in held)), ""
    )
    lines = utterances(held, key)
    return Dialogue(lines) if lines else None
