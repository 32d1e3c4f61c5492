"""Time that has passed, by a clock that may be set back."""

from __future__ import annotations

from datetime import datetime, timedelta

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
