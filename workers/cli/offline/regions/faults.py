"""Spans whose offsets and text contradict each other: a finding of its own, whatever a model says."""

from __future__ import annotations

from connector.wording import number_of, one_line, quoted
from workers.cli.offline.outcome import FileIssue
from workers.cli.offline.regions.causes import cause
from workers.label_types.spans.offsets import Fit, Placed

KIND = "text"
SURE = 0.99  # nobody marks one word and says another
QUOTED = 60  # characters
WORDS = {
    Fit.UTF16: "the offsets count UTF-16 units, as JavaScript does, where the text has an emoji before them",
    Fit.LINES: "the offsets count line ends as one character where the text has two",
}
UNREADABLE = "span whose offsets do not fit its text"


def fault_of(
    spot: Placed, stored: tuple[int, int], marked: str | None, text: str, label: str
) -> tuple[str, str, bool] | None:
    """What is given, the reason, and whether the span can be judged all the same; None where all fits."""
    if spot.fit is Fit.FITS:
        return None
    sentence = f" and says {quoted(one_line(marked, QUOTED))}" if marked else ""
    where = f"The span goes from {stored[0]} to {stored[1]}{sentence}"
    counted = cause(text, *stored, marked) if marked else None
    perhaps = f" Perhaps its offsets count {counted}." if counted else ""
    if spot.fit in WORDS:
        return label, f"{where}: {WORDS[spot.fit]}. It is read as from {spot.start} to {spot.end}.", True
    if spot.fit is Fit.BEYOND:
        return label, f"{where}, and the text has {number_of(len(text), 'character')}.{perhaps}", False
    there = one_line(text[spot.start : spot.end], QUOTED)
    return label, f"{where}, but there the text has {quoted(there)}.{perhaps}", False


def fault_issue(
    item_id: str,
    place: str,
    region: str | None,
    annotator: str | None,
    result: tuple[str, str, bool],
    spot: tuple[int, int],
    content: str,
) -> FileIssue:
    """The finding."""
    label, reason, _ = result
    return FileIssue(
        id=item_id,
        place=place,
        kind=KIND,
        given=label,
        suggested="mend the offsets",
        score=SURE,
        probability=None,
        reason=reason,
        content=content,
        annotator=annotator,
        region=region,
        spot={"start": spot[0], "end": spot[1]},
    )
