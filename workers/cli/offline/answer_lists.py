"""Cells that hold the answers of several people: one row for each, about one item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from workers.cli.offline.columns import Known
from workers.cli.offline.formats.entries import FileEntry
from workers.cli.offline.labels import NoClass, read_label

PEOPLE = ("annotator", "user", "worker", "rater", "annotator_id", "user_id", "worker_id", "completed_by")
ANNOTATOR = "annotator"
MOSTLY = 0.5  # of the longer lists that hold a label twice: a set of classes holds none twice


def apart(rows: Sequence[FileEntry], known: Known) -> tuple[Sequence[FileEntry], Known, tuple[str, ...]]:
    """The rows with one answer each, the columns that then hold them, and what was done, in words."""
    if len(known.labels) != 1:
        return rows, known, ()
    name = known.labels[0]
    lists = [cell for row in rows if isinstance(cell := row.values.get(name), list) and cell]
    person = _person_key(lists)
    if person is None and not _of_several(lists):
        return rows, known, ()
    annotator = known.annotator or ANNOTATOR
    result = [
        row._replace(values={**row.values, name: each, annotator: _who(each, person)})
        for row in rows
        for each in _answers(row.values.get(name))
    ]
    text = f"'{name}' holds the answers of several people: each counts as one."
    several = any(len(cell) > 1 for cell in lists)
    return result, replace(known, annotator=annotator), (text,) if several else ()


def _answers(cell: Any) -> list[Any]:
    return cell if isinstance(cell, list) and cell else [cell]


def _who(answer: Any, person: str | None) -> Any:
    return answer.get(person) if isinstance(answer, Mapping) and person is not None else None


def _person_key(lists: Sequence[list[Any]]) -> str | None:
    """The key that names the person in every object of every list."""
    objects = [each for cell in lists for each in cell]
    if not objects or not all(isinstance(each, Mapping) for each in objects):
        return None
    return next((key for key in PEOPLE if all(key in each for each in objects)), None)


def _of_several(lists: Sequence[list[Any]]) -> bool:
    """Lists of one length that repeat a label: people's, as no set of classes holds one twice."""
    readings = [[read_label(each) for each in cell] for cell in lists if len(cell) > 1]
    if not readings or len({len(each) for each in readings}) > 1:
        return False
    if any(isinstance(each, NoClass) for cell in readings for each in cell):
        return False
    return sum(len(set(cell)) < len(cell) for cell in readings) > MOSTLY * len(readings)
