"""Lists under filters that a person has named."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import delete, insert, select

from connector.model.saved_views import SavedView
from connector.store.repositories.base import Repository
from connector.store.tables import saved_views


class SavedViews(Repository):
    def add(self, project_id: int, owner: str, name: str, page: str, query: str) -> SavedView:
        """A new one; one of the same name and owner is replaced."""
        same = (saved_views.c.project_id == project_id, saved_views.c.owner == owner)
        self._connection.execute(delete(saved_views).where(*same, saved_views.c.name == name))
        view = SavedView(str(uuid.uuid4()), project_id, owner, name, page, query, self._now)
        values = {column: getattr(view, column) for column in SavedView.__slots__}
        self._connection.execute(insert(saved_views).values(values))
        return view

    def get(self, view_id: str) -> SavedView | None:
        row = self._connection.execute(select(saved_views).where(saved_views.c.id == view_id)).one_or_none()
        return None if row is None else _view(row)

    def of(self, project_id: int, owner: str) -> list[SavedView]:
        """Those of one person in a project, by name."""
        query = select(saved_views).where(
            saved_views.c.project_id == project_id, saved_views.c.owner == owner
        )
        return [_view(row) for row in self._connection.execute(query.order_by(saved_views.c.name))]

    def remove(self, view_id: str) -> None:
        self._connection.execute(delete(saved_views).where(saved_views.c.id == view_id))


def _view(row: Any) -> SavedView:
    return SavedView(**{name: getattr(row, name) for name in SavedView.__slots__})
