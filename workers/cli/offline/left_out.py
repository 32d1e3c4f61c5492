"""What was not judged, counted by reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from workers.cli.offline.record import LeftOut

PLACES_NAMED = 5


@dataclass(frozen=True, slots=True)
class LeftOutRow:
    reason: str
    count: int
    places: tuple[str, ...]


def left_out_rows(left_out: Sequence[LeftOut]) -> list[LeftOutRow]:
    """Each reason with the first places of it, the most frequent first."""
    places: dict[str, list[str]] = defaultdict(list)
    for one in left_out:
        places[one.reason].append(one.place)
    return [
        LeftOutRow(reason, len(result), tuple(result[:PLACES_NAMED]))
        for reason, result in sorted(places.items(), key=lambda pair: -len(pair[1]))
    ]
