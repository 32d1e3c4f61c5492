"""The audit log: append-only, each row bound to the one before by a hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, insert, select, update
from sqlalchemy.engine import Connection

from connector.model import AuditEntry, Json
from connector.store.repositories.base import Repository
from connector.store.tables import audit, audit_head, storable

STREAM_ROWS = 1000  # rows fetched at a time
GENESIS = "0" * 64  # what the first row is bound to


@dataclass(frozen=True, slots=True)
class AuditFault:
    """A row that is missing or is not what was written."""

    seq: int
    problem: str


class AuditLog(Repository):
    def __init__(self, connection: Connection, now: datetime) -> None:
        super().__init__(connection, now)
        self._pending: list[dict[str, Any]] = []

    def append(self, actor: str, action: str, subject: str, detail: Json, project: str | None = None) -> None:
        """Add one row to the chain, at the end of the transaction.

        Writers wait for each other on the head row. Taken at once, it would be held through all that
        follows, and by two transactions in different order with their other rows.
        """
        self._pending.append(
            {
                "at": self._now.isoformat(),
                "actor": storable(actor),
                "action": action,
                "project": project,
                "subject": storable(subject),
                "detail": canonical(detail),
            }
        )

    def flush(self) -> None:
        """Write what was appended; the unit of work does it before the commit."""
        if not self._pending:
            return
        query = select(audit_head.c.seq, audit_head.c.hash).where(audit_head.c.id == 1)
        seq, previous = self._connection.execute(query.with_for_update()).one()
        for seq, row in enumerate(self._pending, seq + 1):  # noqa: B020 - goes on from the head
            row |= {"seq": seq, "previous_hash": previous}
            previous = row["hash"] = row_hash(row)
        self._connection.execute(insert(audit), self._pending)
        self._connection.execute(
            update(audit_head).where(audit_head.c.id == 1).values(seq=seq, hash=previous)
        )
        self._pending = []

    def entries(
        self, project: str | None = None, subject: str | None = None, after: int = 0
    ) -> Iterator[AuditEntry]:
        self.flush()
        statement = select(audit).where(audit.c.seq > after).order_by(audit.c.seq)
        if project is not None:
            statement = statement.where(audit.c.project == project)
        if subject is not None:
            statement = statement.where(audit.c.subject == subject)
        for row in self._stream(statement):
            yield _entry(row)

    def verify(self) -> Iterator[AuditFault]:
        """Every fault of the chain: changed rows, missing rows, rows cut off at the end."""
        self.flush()
        expected, previous = 1, GENESIS
        for row in self._stream(select(audit).order_by(audit.c.seq)):
            if row.seq != expected:
                yield AuditFault(expected, f"rows {expected} to {row.seq - 1} are missing")
            elif row.previous_hash != previous:
                yield AuditFault(row.seq, f"row {row.seq} is not bound to the row before it")
            if not _is_intact(row):
                yield AuditFault(row.seq, f"row {row.seq} was changed after it was written")
            expected, previous = row.seq + 1, row.hash
        last, last_hash = self.head()
        if last >= expected:
            yield AuditFault(expected, f"rows {expected} to {last} are missing at the end")
        elif (last, last_hash) != (expected - 1, previous):
            yield AuditFault(expected - 1, f"the end of the chain is not row {expected - 1} as written")

    def named(self, actions: Collection[str], after: int, until: int, limit: int) -> list[AuditEntry]:
        """Rows of these actions after one row and up to another, the first ones."""
        which = audit.c.action.in_(sorted(actions))
        query = select(audit).where(audit.c.seq > after, audit.c.seq <= until, which)
        return [_entry(row) for row in self._connection.execute(query.order_by(audit.c.seq).limit(limit))]

    def head(self) -> tuple[int, str]:
        """Number and hash of the last row: keep it elsewhere to prove later that nothing was cut off."""
        self.flush()
        query = select(audit_head.c.seq, audit_head.c.hash).where(audit_head.c.id == 1)
        row = self._connection.execute(query).one_or_none()
        return (0, GENESIS) if row is None else (row.seq, row.hash)

    def _stream(self, statement: Select[Any]) -> Iterator[Row[Any]]:
        yield from self._connection.execute(statement, execution_options={"yield_per": STREAM_ROWS})


def canonical(detail: Json) -> str:
    """The one JSON text of a value: ASCII, sorted keys, no spaces, no NaN."""
    return json.dumps(detail, sort_keys=True, separators=(",", ":"), allow_nan=False)


def row_hash(row: Any) -> str:
    """SHA-256 over all columns but the hash itself, as canonical JSON."""
    names = ("seq", "at", "actor", "action", "project", "subject", "detail", "previous_hash")
    return hashlib.sha256(canonical({name: row[name] for name in names}).encode()).hexdigest()


def _entry(row: Row[Any]) -> AuditEntry:
    return AuditEntry(
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


def _is_intact(row: Row[Any]) -> bool:
    try:
        return bool(row.hash == row_hash(row._mapping))  # noqa: SLF001 - SQLAlchemy's public accessor
    except (TypeError, ValueError):  # a value that is no text: SQLite stores anything
        return False
