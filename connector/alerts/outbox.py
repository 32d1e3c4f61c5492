"""Which channel tells what, in which message, and when: digests, quiet hours, tries. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from connector.config.alerts import AlertSettings, ChannelKind, ChannelSettings
from connector.model.alerts import SEVERITIES, EventKind, Notice, Severity, Topic

MOST_ATTEMPTS = 14  # with the waits below: for about two days
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=6)

# Which rows of the audit log are events, and the list in their detail that says how many at once.
EVENTS: Mapping[str, tuple[EventKind, str | None]] = {
    "reviews.pushed": (EventKind.QUESTION_OPENED, "tasks"),
    "correction.applied": (EventKind.CORRECTION_WRITTEN, None),
    "correction.held": (EventKind.CORRECTION_HELD, None),
    "correction.taken_away": (EventKind.CORRECTION_HELD, None),
    "correction.reverted": (EventKind.CORRECTION_REVERTED, None),
    "guideline.asked": (EventKind.GUIDELINE_ASKED, None),
    "report.made": (EventKind.REPORT_MADE, None),
}


def wants(channel: ChannelSettings, notice: Notice) -> bool:
    """Whether a channel tells of this."""
    if channel.projects and notice.project not in channel.projects:
        return False
    if channel.only and notice.name not in channel.only:
        return False
    return SEVERITIES.index(notice.severity) >= SEVERITIES.index(channel.least)


def topic_of(channel: ChannelSettings, notice: Notice) -> str:
    """A webhook is sent each kind of thing apart, for programs; people are sent one digest."""
    if channel.kind is not ChannelKind.WEBHOOK:
        return Topic.DIGEST.value
    return notice.name if notice.topic is Topic.EVENT else notice.topic.value


def merged(notices: Sequence[Notice], more: Sequence[Notice]) -> tuple[Notice, ...]:
    """Both in one message: events of a kind are counted together, and of an alert the last word stands.

    An alert that fired and ended in between was never heard of: it is told as ended.
    """
    result: dict[tuple[object, ...], Notice] = {}
    for notice in (*notices, *more):
        event = notice.topic is Topic.EVENT
        key = (event, notice.name, notice.project, notice.subject)
        before = result.pop(key, None)
        counts = notice.count + (before.count if event and before is not None else 0)
        result[key] = replace(notice, count=counts) if event else notice
    return tuple(result.values())


def due_at(
    now: datetime,
    last: datetime | None,
    urgent: bool,  # noqa: FBT001 - a fact of the message, not a switch of the call
    channel: ChannelSettings,
    settings: AlertSettings,
) -> datetime:
    """When a new message may go out, after the `last` one about the same things."""
    if urgent:
        return now
    rest = timedelta(minutes=channel.digest_minutes)
    due = now if last is None or last > now else max(now, last + rest)
    return after_quiet(due, settings)


def after_quiet(moment: datetime, settings: AlertSettings) -> datetime:
    """The moment itself, or the end of the quiet hours that it falls into."""
    if settings.quiet is None:
        return moment
    start, end = settings.quiet
    local = moment.astimezone(ZoneInfo(settings.time_zone))
    of_day = local.time()
    quiet = start <= of_day < end if start < end else (of_day >= start or of_day < end)
    if not quiet:
        return moment
    day = local.date() + timedelta(days=int(start > end and of_day >= start))
    ends: datetime = datetime.combine(day, end, local.tzinfo)
    return ends.astimezone(moment.tzinfo)


def is_urgent(notices: Sequence[Notice]) -> bool:
    return any(one.severity is Severity.CRITICAL for one in notices)


def next_try(now: datetime, attempts: int) -> datetime | None:
    """When to send again what has failed so often; None where it is given up."""
    if attempts >= MOST_ATTEMPTS:
        return None
    return now + min(FIRST_WAIT * (1 << (attempts - 1)), LONGEST_WAIT)
