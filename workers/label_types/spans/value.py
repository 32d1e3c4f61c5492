"""What a span is: places in a text, in code points, with the words that stand there."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from connector.model.region_keys import SPAN_KEY
from workers.label_types.regions.keys import Keys

KIND = "spans"


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` to `end`, exclusive, in code points; the words are shown and do not tell spans apart."""

    start: int
    end: int
    words: str = ""

    def __str__(self) -> str:
        shown = f" {json.dumps(self.words, ensure_ascii=False)}" if self.words else ""
        return f"{self.start}-{self.end}{shown}"


@dataclass(frozen=True, slots=True)
class SpanShape:
    """Implements RegionShape."""

    same: float = 1.0

    def split(self, text: str) -> tuple[str, Span] | None:
        """A class and a span; None for another line, and for a span that is empty."""
        result = SPAN_KEY.fullmatch(text)
        if result is None:
            return None
        start, end = int(result["start"]), int(result["end"])
        try:
            words = json.loads(result["words"]) if result["words"] else ""
        except ValueError:
            return None
        return None if end <= start else (result["label"], Span(start, end, words))

    def overlap(self, spot: Span, other: Span) -> float:
        """Shared characters over all of both."""
        shared = min(spot.end, other.end) - max(spot.start, other.start)
        return max(0, shared) / (max(spot.end, other.end) - min(spot.start, other.start))

    def around(self, spot: Span, other: Span) -> Span:
        """From where the first begins to where the last ends."""
        return Span(min(spot.start, other.start), max(spot.end, other.end))

    def counted_as(self, spot: Span, other: Span) -> Span:
        """Itself: all count code points."""
        del other
        return spot

    def middle(self, spots: Sequence[Span]) -> Span:
        """The span that most marked; of equal ones the first in the text."""
        times = Counter((spot.start, spot.end) for spot in spots)
        most = max(times.values())
        return min(
            (spot for spot in spots if times[spot.start, spot.end] == most), key=lambda s: (s.start, s.end)
        )


KEYS: Keys[Span] = Keys(SpanShape())
