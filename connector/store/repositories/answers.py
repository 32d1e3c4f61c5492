"""What annotations hold beside the label: counted, and otherwise left as it came."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, func, select

from connector.store.repositories.base import Repository
from connector.store.tables import annotation_rows, items

_NAMED_BY = ("from_name", "question")  # under what a result item names its control


class StoredAnswers(Repository):
    def counts(self, project_id: int, controls: Collection[str]) -> dict[str, int]:
        """How many annotations answer each of these controls. Reads every annotation of the project."""
        if not controls:
            return {}
        if self._connection.dialect.name == "postgresql":
            part = func.json_array_elements(annotation_rows.c.result).table_valued("value", name="part")
            names: list[ColumnElement[Any]] = [part.c.value.op("->>")(key) for key in _NAMED_BY]
        else:
            part = func.json_each(annotation_rows.c.result).table_valued("value", name="part")
            names = [func.json_extract(part.c.value, f"$.{key}") for key in _NAMED_BY]
        name = func.coalesce(*names)
        result = self._connection.execute(
            select(name, func.count(annotation_rows.c.id.distinct()))
            .select_from(items)
            .join(annotation_rows, annotation_rows.c.item_id == items.c.id)
            .join(part, onclause=name.in_([*controls]))
            .where(
                items.c.project_id == project_id,
                items.c.deleted_at.is_(None),
                annotation_rows.c.deleted_at.is_(None),
            )
            .group_by(name)
        )
        return {str(control): int(n) for control, n in result}
