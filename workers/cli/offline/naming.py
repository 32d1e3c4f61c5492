"""Addresses, file names, paths and keys: they name an item, and are no text to learn from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from workers.cli.offline.dataset import Dataset
from workers.cli.offline.errors import BadFile

ADDRESS = re.compile(r"([a-z][a-z0-9+.-]*:/|/)/?\S+", re.IGNORECASE)
FILE = re.compile(
    r"[^\n]{1,400}\.(jpe?g|png|gif|bmp|tiff?|webp|svg|heic|dcm|nii|npy|wav|mp3|flac|ogg|m4a|mp4|avi|mov|mkv|webm"
    r"|pdf|docx?|txt|html?|json|xml|csv|zip|gz)",
    re.IGNORECASE,
)
PATH = re.compile(r"[\w.@%+-]*([/\\][\w.@%+-]+)+")
KEY = re.compile(
    r"(sha\d+:|md5:)?[0-9a-f]{12,}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[A-Za-z]*[_-]?\d{2,}[\w-]*",
    re.IGNORECASE,
)
CODE = re.compile(r"(?=.*\d)(?=.*[a-z])(?=.*[A-Z])[A-Za-z0-9+/_-]{16,}={0,2}")  # base64 and its kin
PERSON = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+|\+?[\d ()./-]{7,}")
WORDS = {
    ADDRESS: "addresses",
    FILE: "names of files",
    PATH: "paths",
    KEY: "keys",
    CODE: "keys or encoded data",
    PERSON: "mail addresses or telephone numbers",
}
MOSTLY = 0.5
SHOWN = 40  # characters of an example


def refuse_names(data: Dataset) -> None:
    """BadFile where most values of a field are names: a model of text would learn nonsense from them."""
    for field in data.fields:
        values = [record.data.get(field) for record in data.records]
        word = what_they_name(values)
        if word is not None:
            example = next(value for value in values if isinstance(value, str) and value.strip())
            others = [name for name in _text_fields(data) if name not in data.fields]
            named = (
                f"Name a field with text: --field {others[0]}"
                if others
                else "Name a field with text or numbers"
            )
            raise BadFile(
                f"'{field}' holds {word} ('{example.strip()[:SHOWN]}'), and nothing is fetched by them",
                argument="--field",
                remedy=f"{named}; or put images in place (data URIs); --text-column {field} if it is text",
            )


def what_they_name(values: Sequence[Any]) -> str | None:
    """What most values are, where they are names of something; None where they are content."""
    texts = [value.strip() for value in values if isinstance(value, str) and value.strip()]
    if not texts or len(texts) < MOSTLY * len(values) or texts[0].startswith("data:"):
        return None
    for pattern, word in WORDS.items():
        if sum(pattern.fullmatch(text) is not None for text in texts) > MOSTLY * len(texts):
            return word
    return None


def _text_fields(data: Dataset) -> list[str]:
    from workers.detect.predictions.texts import holds_text

    names = {name: None for record in data.records[:100] for name in record.data}
    columns = {name: [record.data.get(name) for record in data.records] for name in names}
    return [name for name, values in columns.items() if holds_text(values) and what_they_name(values) is None]
