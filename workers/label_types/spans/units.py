"""Offsets in a text: code points, as Python counts, and UTF-16 units, as JavaScript does."""

from __future__ import annotations


def code_points(text: str, start: int, end: int) -> tuple[int, int] | None:
    """UTF-16 offsets as code points; None where they lie outside, or split a character."""
    units = text.encode("utf-16-le", "surrogatepass")
    if not 0 <= start < end <= len(units) // 2:
        return None
    try:
        before = len(units[: 2 * start].decode("utf-16-le"))
        return before, before + len(units[2 * start : 2 * end].decode("utf-16-le"))
    except UnicodeDecodeError:
        return None


def utf16_units(text: str, start: int, end: int) -> tuple[int, int]:
    """Offsets in code points as UTF-16 units; what lies beyond the text is counted as it is."""
    return start + _counted_twice(text[:start]), end + _counted_twice(text[:end])


def _counted_twice(text: str) -> int:
    """How many characters take two units, such as emoji."""
    return sum(character > "\uffff" for character in text)
