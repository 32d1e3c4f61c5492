"""Labelbox's exports: rows of data (NDJSON) or of its older CSV, with the questions' answers as columns."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from workers.cli.offline.dataset import Columns
from workers.cli.offline.formats.entries import FileEntries, FileEntry

TABLE = ("Label", "Labeled Data")  # columns of the older form
ANSWERS = ("radio_answer", "checklist_answers", "answer", "answers", "text_answer")
NAMES = ("name", "title", "value", "content")  # of an answer
SAMPLE = 10
TEXT, ANNOTATOR = "text", "annotator"

Json = Mapping[str, Any]


def is_labelbox(rows: Sequence[FileEntry]) -> bool:
    """Whether these are such rows, and questions about whole items were answered in them."""
    return any(_answered(row) for row in rows[:SAMPLE])


def questions_apart(entries: FileEntries, columns: Columns) -> tuple[FileEntries, Columns]:
    """One row for each person's answers about an item, one column for each question.

    Where there is one question, its column is the label's.
    """
    rows = tuple(result for row in entries.rows for result in _rows(row))
    questions = {name: None for row in entries.rows for one in _labels(row) for name in one[1]}
    if columns.label is None and len(questions) == 1:
        columns = replace(columns, label=next(iter(questions)))
    return replace(entries, rows=rows), columns


def _answered(row: FileEntry) -> bool:
    return any(answers for _, answers in _labels(row))


def _rows(row: FileEntry) -> Iterator[FileEntry]:
    about = row.values.get("data_row")
    if isinstance(about, Mapping):
        data = {"id": about.get("external_id") or about.get("id"), TEXT: about.get("row_data")}
    else:
        data = {
            "id": row.values.get("DataRow ID") or row.values.get("ID"),
            TEXT: row.values.get("Labeled Data"),
        }
    for person, answers in list(_labels(row)) or [(None, {})]:
        yield FileEntry(row.place, {**data, ANNOTATOR: person, **answers})


def _labels(row: FileEntry) -> Iterator[tuple[str | None, dict[str, Any]]]:
    """Each person's answers by the question."""
    projects = row.values.get("projects")
    if isinstance(row.values.get("data_row"), Mapping) and isinstance(projects, Mapping):
        for label in [one for each in projects.values() for one in _objects(_of(each, "labels"))]:
            yield _of(label.get("label_details"), "created_by"), _answers(label.get("annotations"))
    elif all(name in row.values for name in TABLE):
        yield row.values.get("Created By"), _answers(_parsed(row.values["Label"]))


def _answers(annotations: Any) -> dict[str, Any]:
    result = {}
    for each in _objects(_of(annotations, "classifications")):
        name = each.get("title") or each.get("name") or each.get("value")
        answer = next((each[key] for key in ANSWERS if key in each), None)
        if isinstance(name, str) and answer is not None:
            result[name] = _words(answer)
    return result


def _words(answer: Any) -> Any:
    """The answer's name in place of the object that holds it."""
    if isinstance(answer, list):
        return [_words(each) for each in answer]
    if not isinstance(answer, Mapping):
        return answer
    return next((answer[key] for key in NAMES if answer.get(key) is not None), None)


def _objects(value: Any) -> list[Json]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _of(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, Mapping) else None


def _parsed(cell: Any) -> Any:
    if not isinstance(cell, str):
        return cell
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        return None
