"""Dates as files hold them."""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

EARLIEST, LATEST = 631_152_000, 4_102_444_800  # seconds of 1990 and 2100: other numbers are no dates
MILLI = 1000
NUMERIC = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})(?:[ T,]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?")
MONTHS = 12
NAMED = ("%b %d %Y", "%B %d %Y", "%d %b %Y", "%d-%b-%Y", "%d %B %Y", "%b %d %Y %H:%M", "%d-%b-%Y %H:%M:%S")


def moment(value: Any) -> datetime | None:
    """A date whose order is plain, or seconds or milliseconds since 1970; without a time zone it is UTC's."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _of_number(value)
    if not isinstance(value, str):
        return None
    text = value.strip()
    if text.isascii() and text.replace(".", "", 1).isdigit() and len(text) >= len(str(EARLIEST)):
        return _of_number(float(text))
    parsed = _parsed(text)
    if parsed is None:
        return None
    try:
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _parsed(text: str) -> datetime | None:
    """A date with the year first, a month's name in it, or as mail writes it."""
    with contextlib.suppress(ValueError):
        return datetime.fromisoformat(text)
    plain = re.sub(r"\s+(UTC|GMT|Z)$", "+00:00", text)
    with contextlib.suppress(ValueError):
        return datetime.fromisoformat(re.sub(r"^(\d{4})[/.](\d{2})[/.](\d{2})", r"\1-\2-\3", plain))
    for form in NAMED:
        with contextlib.suppress(ValueError):
            return datetime.strptime(text.replace(",", ""), form)  # noqa: DTZ007 - the caller takes UTC
    with contextlib.suppress(ValueError, TypeError, IndexError):
        return parsedate_to_datetime(text)
    return None


def date_reader(values: Sequence[Any], name: str | None) -> tuple[Callable[[Any], float], tuple[str, ...]]:
    """From a cell to seconds (NaN for none), and how many dates of the column could not be read.

    01/02/2024 is read where the column itself shows whether the day or the month stands first.
    """
    day_first = _day_first(values)

    def seconds(value: Any) -> float:
        known = moment(value) or _numeric(value, day_first)
        return math.nan if known is None else known.timestamp()

    present = [value for value in values if value not in (None, "")]
    n_bad = sum(math.isnan(seconds(value)) for value in present)
    if name is None or not n_bad:
        return seconds, ()
    text = f"{len(present) - n_bad:,} of {len(present):,} dates in '{name}' could be read"
    example = next(value for value in present if math.isnan(seconds(value)))
    return seconds, (f"{text}: not '{str(example)[:40]}'. Write them as 2024-03-01.",)


def _day_first(values: Sequence[Any]) -> bool | None:
    """Whether numeric dates begin with the day; None where no date of the column shows it, or both do."""
    result = [NUMERIC.fullmatch(value.strip()) for value in values if isinstance(value, str)]
    dates = [each for each in result if each is not None]
    first = any(int(each[1]) > MONTHS for each in dates) or any(each[2] == "." for each in dates)
    second = any(int(each[3]) > MONTHS for each in dates)
    return None if first == second else first


def _numeric(value: Any, day_first: bool | None) -> datetime | None:  # noqa: FBT001 - private
    if day_first is None or not isinstance(value, str):
        return None
    result = NUMERIC.fullmatch(value.strip())
    if result is None:
        return None
    day, month = (result[1], result[3]) if day_first else (result[3], result[1])
    hour, minute, second = (int(result[part] or 0) for part in (5, 6, 7))
    try:
        return datetime(int(result[4]), int(month), int(day), hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def _of_number(value: float) -> datetime | None:
    for seconds in (value, value / MILLI):
        if EARLIEST <= seconds <= LATEST:
            return datetime.fromtimestamp(seconds, UTC)
    return None
