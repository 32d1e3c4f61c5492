"""The journal of changes: of which items the label or the question changed, in the order of commits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.engine import Connection

from connector.store.repositories.base import Repository, chunks
from connector.store.tables import issues, label_events, projects

AT_ONCE = 5000  # events in one statement


class LabelEvents(Repository):
    """Numbered by a counter on the project's row, which is held until the commit.

    So whoever sees the counter at n sees all that the events up to n tell of, on PostgreSQL as well. A
    journal is closed, and takes no events, until detection asks for it: a first sync of millions of items
    leaves none behind.
    """

    def __init__(self, connection: Connection, now: datetime) -> None:
        super().__init__(connection, now)
        self._pending: set[str] = set()

    def note(self, issue_ids: Iterable[str]) -> None:
        """The questions about these items do not stand as they did, outside of a scan.

        Stored at the end of the transaction: the project's row is held from then on.
        """
        self._pending.update(issue_ids)

    def flush(self) -> None:
        """Store what was noted; the unit of work does it before the commit."""
        asked: dict[int, set[int]] = defaultdict(set)
        for part in chunks(sorted(self._pending)):
            query = select(issues.c.project_id, issues.c.item_id).where(self._among(issues.c.id, part))
            for row in self._connection.execute(query):
                asked[row.project_id].add(row.item_id)
        self._pending.clear()
        for project_id in sorted(asked):
            self.append(project_id, asked[project_id])

    def open(self, project_id: int) -> None:
        """Begin the journal, if it has not begun: what is committed after us is in it."""
        if self._held_seq(project_id) == 0:
            self._set_seq(project_id, 1)

    def append(self, project_id: int, item_ids: Collection[int]) -> bool:
        """Note that these items changed; whether the journal is open."""
        if not item_ids:
            return False
        seq = self._held_seq(project_id)
        if seq == 0:
            return False
        rows = [
            {"project_id": project_id, "seq": number, "item_id": item_id}
            for number, item_id in enumerate(sorted(item_ids), start=seq + 1)
        ]
        for start in range(0, len(rows), AT_ONCE):
            self._connection.execute(insert(label_events), rows[start : start + AT_ONCE])
        self._set_seq(project_id, seq + len(rows))
        return True

    def head(self, project_id: int) -> int:
        """The number of the last event, as this transaction sees it; 0 while the journal is closed."""
        return int(
            self._connection.execute(
                select(projects.c.label_seq).where(projects.c.id == project_id)
            ).scalar_one()
        )

    def count(self, project_id: int, after: int) -> int:
        """How many events there are after a number."""
        return int(
            self._connection.execute(
                select(func.count())
                .select_from(label_events)
                .where(label_events.c.project_id == project_id, label_events.c.seq > after)
            ).scalar_one()
        )

    def items(self, project_id: int, after: int, limit: int) -> list[int]:
        """Our ids of up to `limit` items that changed after an event, each once."""
        return list(
            self._connection.execute(
                select(label_events.c.item_id)
                .where(label_events.c.project_id == project_id, label_events.c.seq > after)
                .distinct()
                .order_by(label_events.c.item_id)
                .limit(limit)
            ).scalars()
        )

    def forget(self, project_id: int, up_to: int) -> None:
        """Remove events that a saved state, or a scan, has taken in."""
        self._connection.execute(
            delete(label_events).where(label_events.c.project_id == project_id, label_events.c.seq <= up_to)
        )

    def _held_seq(self, project_id: int) -> int:
        query = select(projects.c.label_seq).where(projects.c.id == project_id)
        # Without the key, so that nobody who stores rows of the project waits for us.
        held = query.with_for_update(key_share=True)
        return int(self._connection.execute(held).scalar_one())

    def _set_seq(self, project_id: int, seq: int) -> None:
        self._connection.execute(update(projects).where(projects.c.id == project_id).values(label_seq=seq))
