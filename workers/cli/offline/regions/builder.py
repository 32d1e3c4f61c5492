"""Spans of one text as they are read: checked, and what contradicts the text is a finding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connector.wording import one_line
from workers.cli.offline.outcome import FileIssue
from workers.cli.offline.record import LeftOut
from workers.cli.offline.regions.data import Region, Remarks
from workers.cli.offline.regions.faults import UNREADABLE, fault_issue, fault_of
from workers.detect.predictions.region_values import NO_LABEL
from workers.label_types.spans.offsets import placed

AROUND = 40  # characters about a span


class TextSpans:
    """The spans of one item; `left_out`, `faults` and `remarks` are added to."""

    def __init__(
        self,
        item_id: str,
        place: str,
        text: str,
        left_out: list[LeftOut],
        faults: list[FileIssue],
        remarks: Remarks,
    ) -> None:
        self._id, self._place, self._text = item_id, place, text
        self._left_out, self._faults, self._remarks = left_out, faults, remarks

    def regions(
        self,
        stored: tuple[int, int] | str,
        marked: str | None,
        labels: Sequence[str],
        region: str | None,
        annotator: str | None,
        score: float | None = None,
    ) -> Iterator[Region]:
        """A region for each label of a span; none for one that cannot be judged, which is counted."""
        where = f"{self._place}, region {region}" if region else self._place
        if isinstance(stored, str) or not labels:
            self._left_out.append(LeftOut(where, stored if isinstance(stored, str) else NO_LABEL))
            return
        if len(labels) > 1:
            self._remarks.add("region with several labels: each is judged", self._place)
        if marked is None:
            self._remarks.words.add(self._text, *stored)
        spot = placed(self._text, *stored, marked)
        fault = fault_of(spot, stored, marked, self._text, labels[0])
        if fault is not None:
            content = around(self._text, *stored)
            self._faults.append(fault_issue(self._id, self._place, region, annotator, fault, stored, content))
            if not fault[2]:
                self._left_out.append(LeftOut(where, UNREADABLE))
                return
        for label in labels:
            yield Region(label, (spot.start, spot.end), region, score)


def around(text: str, start: int, end: int) -> str:
    """A piece of the text about a span, on one line."""
    first, last = max(0, min(start, len(text)) - AROUND), min(len(text), max(end, 0) + AROUND)
    cut = text[first:last]
    return one_line(f"{'…' if first else ''}{cut}{'…' if last < len(text) else ''}", 2 * AROUND + 200)
