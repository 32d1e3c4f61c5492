"""Whether a span's offsets fit the text that it says it marks, and in which units they count."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from workers.label_types.spans.units import code_points


class Fit(StrEnum):
    """How offsets and text go together."""

    FITS = "fits"
    UTF16 = "utf16"  # the offsets count UTF-16 units, as JavaScript does
    LINES = "lines"  # the text was read with another end of lines
    DIFFERS = "differs"
    BEYOND = "beyond"


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a span lies in code points, and how that was found."""

    start: int
    end: int
    fit: Fit


def placed(text: str, start: int, end: int, marked: str | None) -> Placed:
    """Where a span lies in a text.

    Parameters
    ----------
    text
        Of the item.
    start, end
        As stored, the end exclusive.
    marked
        The text that the span says it marks; None where it says nothing.
    """
    inside = 0 <= start < end <= len(text)
    if inside and (marked is None or _same(text[start:end], marked)):
        return Placed(start, end, Fit.FITS)
    if marked:
        units = code_points(text, start, end)
        if units is not None and text[slice(*units)] == marked:
            return Placed(*units, Fit.UTF16)
        if "\r\n" in text:
            moved = _in_long_lines(text, start), _in_long_lines(text, end)
            if _same(text[slice(*moved)], marked):
                return Placed(*moved, Fit.LINES)
    return Placed(start, end, Fit.DIFFERS if inside else Fit.BEYOND)


def _same(words: str, marked: str) -> bool:
    """The editor shows a line break where the text has two characters."""
    return words == marked or words.replace("\r\n", "\n") == marked.replace("\r\n", "\n").replace("\\n", "\n")


def _in_long_lines(text: str, offset: int) -> int:
    """An offset in the text with short ends of lines, in the text as it is."""
    at = seen = 0
    while seen < offset and at < len(text):
        at += 2 if text.startswith("\r\n", at) else 1
        seen += 1
    return at
