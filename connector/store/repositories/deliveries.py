"""Webhook deliveries: stored once, handled later."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

from sqlalchemy import delete, select, update

from connector.model import Hint, Role
from connector.store.repositories.base import Repository, chunks
from connector.store.tables import deliveries

HINT_FIELDS = tuple(field.name for field in fields(Hint))  # `asdict` copies deeply, and slowly


class Deliveries(Repository):
    def add(self, project_id: int, role: Role, arrived: Sequence[tuple[Sequence[Hint], str | None]]) -> int:
        """Store deliveries, each as its hints and its event; how many of them were new.

        One whose `event` was delivered before is not stored again: whoever fetches for the first one does so
        after the event, so nothing is missed by that.
        """
        if not arrived:
            return 0
        new = self._insert(deliveries).on_conflict_do_nothing(index_elements=["project_id", "role", "event"])
        rows = [
            {
                "id": str(uuid.uuid4()),
                "project_id": project_id,
                "role": role.value,
                "event": event,
                "hints": [{name: getattr(hint, name) for name in HINT_FIELDS} for hint in hints],
                "received_at": self._now,
            }
            for hints, event in arrived
        ]
        # Counted by RETURNING: an insert's row count is not known on PostgreSQL.
        return len(self._connection.execute(new.returning(deliveries.c.id), rows).all())

    def waiting(self, project_id: int, limit: int) -> list[tuple[str, Role, list[Hint]]]:
        """The oldest deliveries that are not handled: id, role, hints."""
        rows = self._connection.execute(
            select(deliveries)
            .where(deliveries.c.project_id == project_id, deliveries.c.handled_at.is_(None))
            .order_by(deliveries.c.received_at, deliveries.c.id)
            .limit(limit)
        )
        return [(row.id, Role(row.role), [_hint(value) for value in row.hints]) for row in rows]

    def handled(self, ids: Sequence[str]) -> None:
        for part in chunks(ids):
            self._connection.execute(
                update(deliveries).where(self._among(deliveries.c.id, part)).values(handled_at=self._now)
            )

    def forget(self, before: datetime, limit: int) -> int:
        """Remove deliveries that were handled before a moment."""
        old = select(deliveries.c.id).where(deliveries.c.handled_at < before).limit(limit)
        return int(self._connection.execute(delete(deliveries).where(deliveries.c.id.in_(old))).rowcount)

    def has_waiting(self, project_id: int) -> bool:
        return bool(self.waiting(project_id, 1))


def _hint(value: dict[str, object]) -> Hint:
    known = {**value}
    for name in ("item_ids", "annotation_ids"):
        ids = known[name]
        known[name] = tuple(ids) if isinstance(ids, list | tuple) else ()
    return Hint(**known)  # type: ignore[arg-type]  # written by `add` from a Hint
