"""What is counted over restarts and processes, in the transaction of what is counted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.engine import Connection

from connector.model.metrics import Tally
from connector.store.repositories.base import Repository
from connector.store.tables import tallies

WORKER_SEEN = "worker:"  # begins the facts that say when a worker was last seen
AUDIT_VERIFIED = "audit_verified"  # the fact that holds how many faults the last check found
LONGEST_LABELS = 255


class Tallies(Repository):
    def __init__(self, connection: Connection, now: datetime) -> None:
        super().__init__(connection, now)
        self._pending: dict[Tally, float] = {}

    def add(self, *counts: Mapping[Tally, float]) -> None:
        """Add at the end of the transaction, in one order: two transactions never wait for each other."""
        for each in counts:
            for key, value in each.items():
                self._pending[key] = self._pending.get(key, 0.0) + value

    def flush(self) -> None:
        """Write what was added; the unit of work does it before the commit."""
        rows = [
            {"name": name, "labels": labels, "value": value}
            for (name, labels), value in sorted(self._pending.items())
            if len(labels) <= LONGEST_LABELS  # cut labels would count for something else
        ]
        if rows:
            new = self._insert(tallies)
            more = {"value": tallies.c.value + new.excluded.value}
            statement = new.on_conflict_do_update(index_elements=["name", "labels"], set_=more)
            self._connection.execute(statement, rows)
        self._pending = {}

    def all(self) -> dict[Tally, float]:
        rows = self._connection.execute(select(tallies))
        return {(name, labels): float(value) for name, labels, value in rows}
