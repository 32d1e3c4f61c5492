"""What an item is, in short: people know a text, not a number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.wording.text import one_line

SNIPPET_CHARS = 200
WORDS = 3  # of a text


def item_snippet(data: Mapping[str, Any]) -> str:
    """The first text of several words; else the name of the first file or the first value; on one line."""
    texts = [value for value in data.values() if isinstance(value, str) and value.strip()]
    text = next((text for text in texts if len(text.split()) >= WORDS), None)
    if text is None and texts:
        text = "image" if texts[0].startswith("data:") else _file_name(texts[0])
    if text is None:
        text = next((str(value) for value in data.values() if isinstance(value, int | float)), "")
    return one_line(text, SNIPPET_CHARS)


def _file_name(text: str) -> str:
    """The last part of an address or a path, without its query, which may hold a key; other text as it is."""
    if "://" not in text and not (text.isascii() and "/" in text):
        return text
    path, _, query = text.partition("?")
    if path.endswith("/") and query.startswith("d="):  # Label Studio's local files: ?d=folder/name.png
        path = query.removeprefix("d=")
    return path.rstrip("/").rpartition("/")[2] or text
