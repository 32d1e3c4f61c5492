"""Classes that are spellings of one: case, full stops, NFC and NFD, 1 and 1.0."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from connector.wording import listing, quoted
from workers.cli.offline.invisible import spelling_key

SHOWN = 10  # groups in a sentence


@dataclass(frozen=True, slots=True)
class Spellings:
    """Groups of labels with their counts, the most frequent first: that is the usual one."""

    groups: tuple[tuple[tuple[str, int], ...], ...] = ()
    _usual: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.groups)

    def usual(self, label: str) -> str:
        """How most labels of the same group are written."""
        return self._usual.get(label, label)

    def same(self, first: str, second: str) -> bool:
        """Whether two different labels are spellings of one."""
        return self.usual(first) == self.usual(second)

    def sentences(self, *, merged: bool) -> tuple[str, ...]:
        """What was found, with counts; none where nothing was."""
        if not self.groups:
            return ()
        text = "; ".join(
            listing([f"{quoted(label)} ({count:,})" for label, count in group])
            for group in self.groups[:SHOWN]
        )
        more = f"; and {len(self.groups) - SHOWN} more" if len(self.groups) > SHOWN else ""
        what = (
            "They are judged as one class, spelled as most are."
            if merged
            else "They are judged as different classes: --merge-spellings makes them one."
        )
        return (f"Spellings of one class: {text}{more}. {what}",)


def find_spellings(counts: Mapping[str, int]) -> Spellings:
    """Group labels (label → how often it was given) that differ by their spelling only."""
    by_key: dict[str, list[str]] = defaultdict(list)
    for label in counts:
        by_key[spelling_key(label)].append(label)
    groups = [
        tuple((label, counts[label]) for label in sorted(same, key=lambda label: (-counts[label], label)))
        for same in by_key.values()
        if len(same) > 1
    ]
    usual = {label: group[0][0] for group in groups for label, _ in group}
    return Spellings(tuple(groups), usual)
