"""CSV that a spreadsheet opens as it is."""

from __future__ import annotations

from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run what starts so
BOM = "\ufeff"  # begins the file: without it a spreadsheet takes UTF-8 for something else


def safe(cell: Any) -> Any:
    """Text that a spreadsheet would take for a formula gets an apostrophe in front."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
