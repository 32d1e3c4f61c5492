"""Findings: those of the last scan, which replace all earlier ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, insert, select

from connector.model.findings import Finding, FindingKind
from connector.store.repositories.base import Repository, chunks
from connector.store.tables import findings

INSERT_ROWS = 1000  # in one statement


class Findings(Repository):
    def replace(self, project_id: int, new: Sequence[Finding]) -> None:
        """Make these the project's findings; their order is the order in which they are listed."""
        self._connection.execute(delete(findings).where(findings.c.project_id == project_id))
        rows = [_values(one) | {"rank": rank, "created_at": self._now} for rank, one in enumerate(new)]
        for part in chunks(rows, INSERT_ROWS):
            self._connection.execute(insert(findings), list(part))

    def of_items(self, item_ids: Sequence[int]) -> dict[int, list[Finding]]:
        """Item → what was found about it, the first listed first; items without findings are left out."""
        result: dict[int, list[Finding]] = defaultdict(list)
        for part in chunks(sorted(item_ids)):
            query = select(findings).where(self._among(findings.c.item_id, part)).order_by(findings.c.rank)
            for row in self._connection.execute(query):
                result[row.item_id].append(_finding(row))
        return dict(result)

    def counts(self, project_id: int) -> dict[FindingKind, int]:
        """How many of each kind are stored."""
        rows = self._connection.execute(
            select(findings.c.kind, func.count())
            .where(findings.c.project_id == project_id)
            .group_by(findings.c.kind)
        )
        stored = {FindingKind(kind): int(n) for kind, n in rows}
        return {kind: stored[kind] for kind in FindingKind if kind in stored}


def _values(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.id,
        "project_id": finding.project_id,
        "scan_id": finding.scan_id,
        "kind": finding.kind.value,
        "item_id": finding.item_id,
        "subject": finding.subject,
        "score": finding.score,
        "facts": dict(finding.facts),
    }


def _finding(row: Any) -> Finding:
    return Finding(
        id=row.id,
        project_id=row.project_id,
        scan_id=row.scan_id,
        kind=FindingKind(row.kind),
        item_id=row.item_id,
        subject=row.subject,
        score=row.score,
        facts=row.facts,
        created_at=row.created_at,
    )
