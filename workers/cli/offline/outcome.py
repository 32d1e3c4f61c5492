"""What a scan found in a file of labels that are no single choice: the same form for every other type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workers.cli.offline.kinds import FileKind
from workers.cli.offline.record import LeftOut


@dataclass(frozen=True, slots=True)
class FileIssue:
    """One label, or one region of an item, that is probably wrong.

    `score` is 0..1, 1 the most suspicious; `probability` is how sure what is suggested is, None where nothing
    says so. `region` is the region's id, `spot` where it lies (a box in pixels, a span in characters), and
    `preview` what a page shows of it.
    """

    id: str
    place: str
    kind: str
    given: str
    suggested: str
    score: float
    probability: float | None
    reason: str
    content: str
    annotator: str | None = None
    region: str | None = None
    spot: Mapping[str, Any] | None = None
    preview: Any = None


@dataclass(frozen=True, slots=True)
class LabelCount:
    """A class with how many labels of it were judged, and how many of them are doubted."""

    name: str
    labels: int
    flagged: int


@dataclass(frozen=True, slots=True)
class FileScan:
    """All that was found; `issues` are the most suspicious first.

    `judged` is what was judged in words ("1,204 boxes in 85 pictures"), `by` who judged it ("the built-in
    model, cross-validated"), `figures` numbers of the model by their names; `weak` says that the judge knows
    little.
    """

    kind: FileKind
    label_name: str
    fields: tuple[str, ...]
    n_items: int
    n_labels: int
    judged: str
    by: str
    issues: tuple[FileIssue, ...]
    classes: tuple[LabelCount, ...]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)
    weak: bool = False


def label_counts(given: Counter[str], flagged: Sequence[str]) -> tuple[LabelCount, ...]:
    """Each class, the most frequent first."""
    times = Counter(flagged)
    return tuple(
        LabelCount(name, given[name], times[name])
        for name in sorted({**given, **times}, key=lambda name: (-given[name], name))
    )
