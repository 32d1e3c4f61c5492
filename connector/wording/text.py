"""The smallest parts of sentences. What someone typed is shortened and kept on one line here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

LABEL_CHARS = 80  # longest label shown in a sentence


def one_line(text: str, limit: int = LABEL_CHARS) -> str:
    """Text on one line, at most `limit` characters."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def quoted(label: str) -> str:
    return f"'{one_line(label)}'"


def percent(probability: float) -> str:
    """A probability as people say it; never a certain 0 % or 100 %."""
    if probability >= 0.995:
        return "more than 99%"
    if probability <= 0.005:  # exactly half a percent would be rounded to 0 %
        return "less than 1%"
    return f"{probability:.0%}"


def counted(labels: Sequence[str]) -> str:
    """'A' (2), 'B' (1): most frequent first, ties in the order given."""
    return listing([f"{quoted(label)} ({n})" for label, n in Counter(labels).most_common()])


def number_of(count: float, thing: str, things: str | None = None) -> str:
    """'1 item', '2,000 items'; where an s does not make the plural, or a verb follows, both are given.

    number_of(2, "box", "boxes"), number_of(n, "item is", "items are").
    """
    return f"{count:,.0f} {thing if count == 1 else things or f'{thing}s'}"


def day_text(moment: datetime) -> str:
    """The day in UTC: '2026-03-01'."""
    return f"{moment.astimezone(UTC):%Y-%m-%d}"


def moment_text(moment: datetime) -> str:
    """To the minute, with the zone, as everything of ours shows times: '2026-03-01 12:00 UTC'."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def are(count: int) -> str:
    """The verb after a count."""
    return "is" if count == 1 else "are"


def listing(parts: Sequence[str]) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def ago(moment: datetime, now: datetime) -> str:
    """How long ago, in one unit: '5 minutes ago'."""
    seconds = int((now - moment).total_seconds())
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            return f"{number_of(seconds // size, unit)} ago"
    return "just now"
