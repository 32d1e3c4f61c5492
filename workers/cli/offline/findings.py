"""What was found besides suspicious labels, as rows of a file, a table and a report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connector.model.findings import FindingKind
from connector.wording import finding_sentence, finding_title, not_searched_text
from workers.cli.offline.judging import Judged
from workers.cli.offline.snippets import snippet
from workers.detect.findings.draft import Draft

FIGURES = 4  # digits kept of scores


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One finding; `rank` from 1 within its kind, `id` and `place` of the item where it is about one."""

    kind: str
    rank: int
    subject: str
    id: str | None
    place: str | None
    given: str | None
    suggested: str | None
    score: float
    reason: str
    content: str | None = None  # of the item, in short
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ListedKind:
    """A kind with its title, how many there are, and those that are listed."""

    kind: FindingKind
    title: str
    total: int
    rows: tuple[FindingRow, ...]


def finding_rows(judged: Judged) -> list[FindingRow]:
    """All that are listed, kind by kind, the most severe first."""
    return [row for kind in listed_kinds(judged) for row in kind.rows]


def listed_kinds(judged: Judged) -> list[ListedKind]:
    """Every kind of which something was found."""
    searched = judged.findings
    kinds = [kind for kind in FindingKind if searched.totals.get(kind)]
    return [
        ListedKind(
            kind,
            finding_title(kind),
            searched.totals[kind],
            tuple(_row(judged, draft, rank) for rank, draft in enumerate(searched.of(kind), start=1)),
        )
        for kind in kinds
    ]


def reasons(judged: Judged) -> list[str]:
    """What was not looked for: one sentence for each reason."""
    kinds: dict[str, list[FindingKind]] = defaultdict(list)
    for kind, why in judged.findings.not_searched.items():
        kinds[why].append(kind)
    return [not_searched_text(result, why) for why, result in kinds.items()]


def _row(judged: Judged, draft: Draft, rank: int) -> FindingRow:
    record = None if draft.row is None else judged.records[draft.row]
    return FindingRow(
        kind=draft.kind.value,
        rank=rank,
        subject=draft.subject,
        id=None if record is None else record.id,
        place=_place(draft) if record is None else record.place,
        given=None if record is None else record.label,
        suggested=draft.facts.get("suggested"),
        score=round(draft.score, FIGURES),
        reason=finding_sentence(draft.kind, draft.facts),
        content=None if record is None else snippet(record, judged.dataset.fields),
        facts=draft.facts,
    )


def _place(draft: Draft) -> str | None:
    """Where an annotation without a usable label stands; other kinds without a row are about no item."""
    return draft.subject if draft.kind is FindingKind.INVALID_LABEL else None
