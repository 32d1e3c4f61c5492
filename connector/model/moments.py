"""Times: as platforms write them, and time that has passed, by a clock that may be set back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

EPOCH = datetime.fromtimestamp(0, tz=UTC)
SET_BACK = timedelta(minutes=1)  # further ahead of us than hosts with NTP are: our clock was set back


def is_over(since: datetime | None, wait: timedelta, now: datetime) -> bool:
    """Whether a wait that began at `since` is over; without a beginning it is.

    A beginning that is still to come was noted down by a clock that has been set back since: nobody knows
    how much of the wait has passed, and to wait for that moment would add the whole step of the clock.
    """
    return since is None or not timedelta(0) <= now - since < wait


def is_set_back(noted: datetime | None, now: datetime) -> bool:
    """Whether the clock was set back after it told the moment `noted`."""
    return noted is not None and noted - now > SET_BACK


def moment(value: Any) -> datetime:
    """A time as a platform writes it (in UTC where it does not say so); 1970 for what is none."""
    if not isinstance(value, str):
        return EPOCH
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        return EPOCH
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
