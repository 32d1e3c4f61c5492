"""What detection saved of a project, so that it goes on from there."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select

from connector.model import SavedState
from connector.store.repositories.base import Repository
from connector.store.tables import label_states


class LabelStates(Repository):
    def put(self, project_id: int, scan_id: str, seq: int, blob: str | None) -> None:
        """Say what the project's state stands for now; `blob` is None where a scan leaves none."""
        values: dict[str, Any] = {"scan_id": scan_id, "seq": seq, "blob": blob, "saved_at": self._now}
        new = self._insert(label_states).values(project_id=project_id, **values)
        self._connection.execute(new.on_conflict_do_update(index_elements=["project_id"], set_=values))

    def get(self, project_id: int) -> SavedState | None:
        """None before the first scan, and after `delete`."""
        row = self._connection.execute(
            select(label_states).where(label_states.c.project_id == project_id)
        ).one_or_none()
        return None if row is None else SavedState(row.scan_id, row.seq, row.blob, row.saved_at)

    def delete(self, project_id: int) -> None:
        """Forget the state: it cannot be gone on from."""
        self._connection.execute(delete(label_states).where(label_states.c.project_id == project_id))
