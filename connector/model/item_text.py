"""The text of an item, as its spans count in it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connector.model.html_text import html_text
from connector.model.item_data import value_at
from connector.model.platform import Json, LabelSchema, ObjectTag

HYPERTEXT, DIALOGUE = "HyperText", "Paragraphs"


def counted_text(tag: ObjectTag, value: Any) -> str | None:
    """The text in which spans of an object count; None for a value that is no text.

    Of HTML it is what a page renders, of a dialogue its utterances, a line each.
    """
    if tag.kind == DIALOGUE:
        lines = utterances(value, tag.text_key)
        return None if lines is None else "\n".join(lines)
    if not isinstance(value, str):
        return None
    return html_text(value).text if tag.kind == HYPERTEXT else value


def utterances(value: Any, key: str) -> Sequence[str] | None:
    """What is said in a dialogue, one after the other; None for what is no dialogue."""
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        return None
    held = [one.get(key) for one in value]
    return [one if isinstance(one, str) else "" for one in held]


def labelled_object(schema: LabelSchema) -> ObjectTag | None:
    """The object that the control is about."""
    return next((tag for tag in schema.objects if tag.name == schema.to_name), None)


def labelled_text(schema: LabelSchema, data: Json) -> str | None:
    """The text that an item's spans count in; None where the control is about something else."""
    tag = labelled_object(schema)
    return None if tag is None else counted_text(tag, value_at(data, tag.field))
