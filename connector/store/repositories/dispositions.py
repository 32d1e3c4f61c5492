"""The lists of items that no single label answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, insert, select, update

from connector.model import Disposition, DispositionKind, DispositionState
from connector.store.repositories.base import Repository
from connector.store.tables import dispositions


class Dispositions(Repository):
    def add(self, new: Sequence[Disposition]) -> None:
        rows = [
            {
                "id": one.id,
                "project_id": one.project_id,
                "issue_id": one.issue_id,
                "decision_id": one.decision_id,
                "item_id": one.item_id,
                "kind": one.kind.value,
                "problem": one.problem,
                "labels": list(one.labels),
                "state": one.state.value,
                "decided_at": one.decided_at,
            }
            for one in new
        ]
        if rows:
            self._connection.execute(insert(dispositions), rows)

    def withdraw_of_issue(self, issue_id: str) -> int:
        """Take an issue's items off the lists: its decision does not stand any more."""
        done = self._connection.execute(
            update(dispositions)
            .where(dispositions.c.issue_id == issue_id, dispositions.c.state == DispositionState.OPEN.value)
            .values(state=DispositionState.WITHDRAWN.value)
        )
        return int(done.rowcount)

    def of_issue(self, issue_id: str) -> list[Disposition]:
        """All of an issue, withdrawn ones too, by kind."""
        rows = self._connection.execute(
            select(dispositions)
            .where(dispositions.c.issue_id == issue_id)
            .order_by(dispositions.c.decided_at, dispositions.c.kind)
        )
        return [_disposition(row) for row in rows]

    def counts(self, project_id: int) -> dict[DispositionKind, int]:
        """How many items stand on each list."""
        rows = self._connection.execute(
            select(dispositions.c.kind, func.count())
            .where(
                dispositions.c.project_id == project_id,
                dispositions.c.kind.in_([kind.value for kind in DispositionKind]),
                dispositions.c.state == DispositionState.OPEN.value,
            )
            .group_by(dispositions.c.kind)
        )
        return {DispositionKind(kind): int(n) for kind, n in rows}


def _disposition(row: Any) -> Disposition:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public accessor
    values |= {
        "kind": DispositionKind(row.kind),
        "labels": tuple(row.labels),
        "state": DispositionState(row.state),
    }
    return Disposition(**values)
