"""The audit log: append-only, each row bound to the one before by a hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from connector.model import AuditEntry, Json
from connector.store.repositories.base import Repository
from connector.store.tables import audit, audit_head

GENESIS = "0" * 64  # what the first row is bound to


@dataclass(frozen=True, slots=True)
class AuditFault:
    """A row that is missing or is not what was written."""

    seq: int
    problem: str


class AuditLog(Repository):
    def append(self, actor: str, action: str, subject: str, detail: Json, project: str | None = None) -> None:
        """Add one row to the chain. Writers wait for each other on the head row."""
        head = self._connection.execute(
            select(audit_head.c.seq, audit_head.c.hash).where(audit_head.c.id == 1).with_for_update()
        ).one()
        row: dict[str, Any] = {
            "seq": head.seq + 1,
            "at": self._now.isoformat(),
            "actor": actor,
            "action": action,
            "project": project,
            "subject": subject,
            "detail": canonical(detail),
            "previous_hash": head.hash,
        }
        row["hash"] = row_hash(row)
        self._connection.execute(insert(audit).values(**row))
        self._connection.execute(
            update(audit_head).where(audit_head.c.id == 1).values(seq=row["seq"], hash=row["hash"])
        )

    def entries(
        self, project: str | None = None, subject: str | None = None, after: int = 0
    ) -> Iterator[AuditEntry]:
        statement = select(audit).where(audit.c.seq > after).order_by(audit.c.seq)
        if project is not None:
            statement = statement.where(audit.c.project == project)
        if subject is not None:
            statement = statement.where(audit.c.subject == subject)
        for row in self._connection.execution_options(yield_per=1000).execute(statement):
            yield AuditEntry(
                seq=row.seq,
                at=datetime.fromisoformat(row.at),
                actor=row.actor,
                action=row.action,
                project=row.project,
                subject=row.subject,
                detail=json.loads(row.detail),
                previous_hash=row.previous_hash,
                hash=row.hash,
            )

    def verify(self) -> Iterator[AuditFault]:
        """Every fault of the chain: changed rows, missing rows, rows cut off at the end."""
        expected, previous = 1, GENESIS
        for row in self._connection.execute(select(audit).order_by(audit.c.seq)).mappings():
            if row["seq"] != expected:
                yield AuditFault(expected, f"rows {expected} to {row['seq'] - 1} are missing")
            elif row["previous_hash"] != previous:
                yield AuditFault(row["seq"], f"row {row['seq']} is not bound to the row before it")
            if row["hash"] != row_hash(row):
                yield AuditFault(row["seq"], f"row {row['seq']} was changed after it was written")
            expected, previous = row["seq"] + 1, row["hash"]
        head = self._connection.execute(select(audit_head).where(audit_head.c.id == 1)).one()
        if head.seq >= expected:
            yield AuditFault(expected, f"rows {expected} to {head.seq} are missing at the end")
        elif (head.seq, head.hash) != (expected - 1, previous):
            yield AuditFault(expected - 1, f"the end of the chain is not row {head.seq} as written")

    def head(self) -> tuple[int, str]:
        """Number and hash of the last row: keep it elsewhere to prove later that nothing was cut off."""
        row = self._connection.execute(select(audit_head).where(audit_head.c.id == 1)).one()
        return row.seq, row.hash


def canonical(detail: Json) -> str:
    """The one JSON text of a value: sorted keys, no spaces, no NaN."""
    return json.dumps(detail, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def row_hash(row: Any) -> str:
    """SHA-256 over all columns but the hash itself, as canonical JSON."""
    names = ("seq", "at", "actor", "action", "project", "subject", "detail", "previous_hash")
    return hashlib.sha256(canonical({name: row[name] for name in names}).encode()).hexdigest()
