"""Dates as files hold them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

EARLIEST, LATEST = 631_152_000, 4_102_444_800  # seconds of 1990 and 2100: other numbers are no dates
MILLI = 1000


def moment(value: Any) -> datetime | None:
    """An ISO date or time, or seconds or milliseconds since 1970; without a time zone it is UTC's."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _of_number(value)
    if not isinstance(value, str):
        return None
    text = value.strip()
    if text.replace(".", "", 1).isdigit() and len(text) >= len(str(EARLIEST)):
        return _of_number(float(text))
    try:
        parsed = datetime.fromisoformat(text)
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _of_number(value: float) -> datetime | None:
    for seconds in (value, value / MILLI):
        if EARLIEST <= seconds <= LATEST:
            return datetime.fromtimestamp(seconds, UTC)
    return None
