"""Tables with one column a class, 1 where an item carries it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workers.cli.offline.columns import has_label, may_hold_label
from workers.cli.offline.dataset import Columns
from workers.cli.offline.formats.entries import FileEntry

CLASSES = "classes"  # the column that the marks become
MARKS = {"0": 0, "1": 1, "0.0": 0, "1.0": 1, "false": 0, "true": 1}
LEAST = 2  # columns
SAMPLE = 100  # rows that show that a column is another one
SHOWN = 6  # columns in a sentence


def gathered(rows: Sequence[FileEntry], columns: Columns) -> tuple[Sequence[FileEntry], tuple[str, ...]]:
    """The rows with the marks of each in one cell, where nothing else in the table may be the label."""
    names = list({name: None for row in rows for name in row.values})
    if columns.label is not None or CLASSES in names or has_label(names):
        return rows, ()
    marked = [name for name in names if name and name not in columns.fields and _is_marked(rows, name)]
    others = [name for name in names if name not in marked]
    if len(marked) < LEAST or not others or may_hold_label(rows, others):
        return rows, ()
    result = [row._replace(values=_gathered(row, marked, others)) for row in rows]
    listed = ", ".join(f"'{name}'" for name in marked[:SHOWN]) + (", …" if len(marked) > SHOWN else "")
    return result, (f"Classes are the columns that hold 0 and 1 only: {listed}.",)


def _gathered(row: FileEntry, marked: Sequence[str], others: Sequence[str]) -> dict[str, Any]:
    marks = {name: mark for name in marked if (mark := _mark(row.values.get(name))) is not None}
    values = {name: row.values[name] for name in others if name in row.values}
    return {**values, CLASSES: marks}


def _is_marked(rows: Sequence[FileEntry], name: str) -> bool:
    return all(_marks(part, name) for part in (rows[:SAMPLE], rows)) and 1 in _marks(rows, name)


def _marks(rows: Sequence[FileEntry], name: str) -> set[int | None]:
    """The marks of a column; empty where it holds anything else."""
    marks = {_mark(value) for row in rows if (value := row.values.get(name)) not in (None, "")}
    return set() if None in marks else marks


def _mark(value: Any) -> int | None:
    return MARKS.get(str(value).strip().lower())
