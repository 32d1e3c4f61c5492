"""Text without what nobody sees: spaces around it, zero-width characters, two forms of one letter."""

from __future__ import annotations

import re
import unicodedata

HIDDEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]")


def visible(text: str) -> str:
    """Stripped, without hidden characters; white space within it is one blank."""
    if text.isascii():
        return " ".join(text.split()) if "  " in text or not text.isprintable() else text.strip()
    return " ".join(HIDDEN.sub("", text).split())


def spelling_key(text: str) -> str:
    """Equal for spellings of one word: case, NFC and NFD, a full stop, e-mail and email, 1, 01 and 1.0."""
    plain = unicodedata.normalize("NFKC", visible(text)).casefold().strip(" .!:;,\"'")
    plain = re.sub(r"(?<=\w)[\s_-]+(?=\w)", " ", plain)
    plain = re.sub(r"(?<=[^\W\d]) (?=[^\W\d])", "", plain)
    number = re.fullmatch(r"([+-]?)0*(\d{1,15})(\.0+)?", plain)
    if number is not None:
        return number[1] + number[2]
    return plain or text
