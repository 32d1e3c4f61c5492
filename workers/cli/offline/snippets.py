"""What an item is, in short."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connector.model.item_data import value_at
from connector.wording import number_of, one_line
from workers.cli.offline.record import Record
from workers.detect.predictions.texts import usable_text

SNIPPET_CHARS = 200


def snippet(record: Record, fields: Sequence[str], most: int = SNIPPET_CHARS) -> str:
    """The item's text, its numbers or name, on one line; of several fields each after its name."""
    if len(fields) == 1:
        return one_line(_plain(value_at(record.data, fields[0])), most)
    parts = [f"{field}: {_plain(value_at(record.data, field))}" for field in fields]
    return one_line(" | ".join(parts), most)


def _plain(value: Any) -> str:
    if isinstance(value, str) and value.startswith("data:"):
        return f"image ({number_of(len(value), 'character')})"
    if isinstance(value, list | tuple) and value and not isinstance(value[0], str | dict):
        return f"{len(value)} numbers"
    text = usable_text(value)
    return ("" if value is None else str(value)) if text is None else text
