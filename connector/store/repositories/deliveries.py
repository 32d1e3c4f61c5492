"""Webhook deliveries: stored once, handled later."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

from sqlalchemy import bindparam, delete, select, text, update

from connector.model import Hint, Role
from connector.store.repositories.base import Repository, chunks
from connector.store.tables import deliveries
from connector.store.tables.base import UtcDateTime

HINT_FIELDS = tuple(field.name for field in fields(Hint))  # `asdict` copies deeply, and slowly

_NOW = bindparam("now", type_=UtcDateTime)
# All rows travel as one document: a statement with a parameter for each value takes an annotator's browser
# many times as long, and steps through its rows holding up the thread that receives the next deliveries.
_NEW = {
    "sqlite": text(
        "INSERT INTO deliveries (id, project_id, role, event, hints, received_at) "
        "SELECT json_extract(value, '$[0]'), :project, :role, json_extract(value, '$[1]'), "
        "json_extract(value, '$[2]'), :now FROM json_each(:arrived) "
        "WHERE true ON CONFLICT (project_id, role, event) DO NOTHING"
    ).bindparams(_NOW),
    "postgresql": text(
        "INSERT INTO deliveries (id, project_id, role, event, hints, received_at) "
        "SELECT value ->> 0, :project, :role, value ->> 1, (value ->> 2)::json, :now "
        "FROM json_array_elements(CAST(:arrived AS json)) AS value "
        "ON CONFLICT (project_id, role, event) DO NOTHING"
    ).bindparams(_NOW),
}


class Deliveries(Repository):
    def add(self, project_id: int, role: Role, arrived: Sequence[tuple[Sequence[Hint], str | None]]) -> int:
        """Store deliveries, each as its hints and its event; how many of them were new.

        One whose `event` was delivered before is not stored again: whoever fetches for the first one does so
        after the event, so nothing is missed by that.
        """
        if not arrived:
            return 0
        rows = [
            (str(uuid.uuid4()), event, json.dumps([_value(hint) for hint in hints]))
            for hints, event in arrived
        ]
        new = _NEW[self._connection.dialect.name]
        values = {"project": project_id, "role": role.value, "now": self._now, "arrived": json.dumps(rows)}
        return int(self._connection.execute(new, values).rowcount)

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


def _value(hint: Hint) -> dict[str, object]:
    return {name: getattr(hint, name) for name in HINT_FIELDS}


def _hint(value: dict[str, object]) -> Hint:
    known = {**value}
    for name in ("item_ids", "annotation_ids"):
        ids = known[name]
        known[name] = tuple(ids) if isinstance(ids, list | tuple) else ()
    return Hint(**known)  # type: ignore[arg-type]  # written by `add` from a Hint
