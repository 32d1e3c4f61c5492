"""All detectors, one after the other: what they found, how much of it, and what was not looked for."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from connector.model import Json
from connector.model.findings import Finding, FindingKind
from connector.model.reasons import NotSearched
from connector.wording import reason_text
from workers.detect.findings.draft import Draft, KindFindings, Missing, missing
from workers.detect.findings.duplicates import duplicates
from workers.detect.findings.items import ambiguous_items, disagreeing, outliers
from workers.detect.findings.rows import LabelledRows
from workers.detect.findings.whole import (
    balance,
    differing_annotators,
    drifting_annotators,
    overlaps,
    taxonomy_changes,
    worse,
)
from workers.issues.neighbours import Neighbours

__all__ = ["Draft", "ScanFindings", "detect_findings"]

DETECTORS: Sequence[
    tuple[tuple[FindingKind, ...], Callable[[LabelledRows], Sequence[KindFindings] | Missing]]
] = (
    ((FindingKind.TAXONOMY_CHANGE,), taxonomy_changes),
    ((FindingKind.ANNOTATOR_DIFFERS,), differing_annotators),
    ((FindingKind.ANNOTATOR_DRIFT,), drifting_annotators),
    ((FindingKind.WORSE_GROUP,), worse),
    ((FindingKind.OVERLAP,), overlaps),
    ((FindingKind.IMBALANCE, FindingKind.RARE_CLASS), balance),
    ((FindingKind.DISAGREEMENT,), disagreeing),
    ((FindingKind.OUTLIER,), outliers),
    ((FindingKind.AMBIGUOUS,), ambiguous_items),
    ((FindingKind.LABEL_CONFLICT, FindingKind.NEAR_DUPLICATE), duplicates),
)


@dataclass(frozen=True)
class ScanFindings:
    """`drafts` in the order in which they are listed; `totals` count what was found, listed or not."""

    drafts: tuple[Draft, ...] = ()
    totals: Mapping[FindingKind, int] = field(default_factory=dict)
    not_searched: Mapping[FindingKind, NotSearched] = field(default_factory=dict)
    recall: float = 1.0  # share of the nearest items that were found, where not all were compared

    def of(self, kind: FindingKind) -> list[Draft]:
        return [draft for draft in self.drafts if draft.kind is kind]

    def to_store(self, project_id: int, scan_id: str, item_ids: Sequence[int]) -> list[Finding]:
        """To be stored; `item_ids` are ours of the rows."""
        return [
            Finding(
                id=str(uuid.uuid4()),
                project_id=project_id,
                scan_id=scan_id,
                kind=draft.kind,
                item_id=draft.item_id if draft.row is None else item_ids[draft.row],
                subject=draft.subject,
                score=draft.score,
                facts=draft.facts,
            )
            for draft in self.drafts
        ]

    def report(self) -> Json:
        """For the scan's record."""
        return {
            "findings": {kind.value: n for kind, n in self.totals.items()},
            "not_searched": {kind.value: why.value for kind, why in self.not_searched.items()},
        }

    def worded(self) -> Json:
        """The same for people, by the names of the API: why a kind was not looked for, in words."""
        why_not = {kind.value: reason_text(why) for kind, why in self.not_searched.items()}
        return {"found": self.report()["findings"], "not_looked_for": why_not}


def detect_from_labels(rows: LabelledRows, others: Sequence[KindFindings] = ()) -> ScanFindings:
    """What labels alone show, for a scan that never has all items at hand."""
    findings = detect_findings(rows, others)
    lacking = [kind for kind in findings.not_searched if kind not in findings.totals]
    return replace(findings, not_searched=dict.fromkeys(lacking, NotSearched.SCANNED_IN_PARTS))


def detect_findings(rows: LabelledRows, others: Sequence[KindFindings] = ()) -> ScanFindings:
    """Run every detector whose inputs are there; `others` were found elsewhere, as by queries."""
    outcome = {each.kind: each for each in others}
    lacking: dict[FindingKind, NotSearched] = {}
    for kinds, detector in DETECTORS:
        result = detector(rows) if len(rows) else missing(NotSearched.NO_LABELS)
        if isinstance(result, Missing):
            lacking |= dict.fromkeys(kinds, result.why)
        else:
            outcome |= {each.kind: each for each in result}
    drafts = tuple(draft for kind in FindingKind if kind in outcome for draft in outcome[kind].drafts)
    totals = {kind: outcome[kind].total for kind in FindingKind if kind in outcome}
    graph = rows.neighbours if len(rows) else None
    return ScanFindings(
        drafts,
        totals,
        {kind: lacking[kind] for kind in FindingKind if kind in lacking},
        graph.recall if isinstance(graph, Neighbours) else 1.0,
    )
