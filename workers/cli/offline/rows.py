"""Flat rows: CSV, JSON lines, and lists of flat objects."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workers.cli.offline.dataset import ARGUMENT, NAMED, Columns, Dataset, LeftOut, Record, dataset, merged
from workers.cli.offline.dates import moment
from workers.cli.offline.errors import BadFile
from workers.cli.offline.text import parse_json

LABEL_NAMES = (
    "label", "labels", "category", "class", "choice", "intent", "sentiment", "topic", "target",
)  # fmt: skip
ID_NAMES = ("id", "task_id", "item_id", "uid")
ANNOTATOR_NAMES = ("annotator", "annotator_id", "completed_by", "worker")
DATE_NAMES = ("updated_at", "created_at", "annotated_at", "labeled_at", "timestamp", "date")
# What stands beside the item's own fields in Label Studio's flat exports; and an index without a name.
NO_DATA = frozenset({"", "annotation_id", "created_at", "updated_at", "lead_time"})
DELIMITERS = ",;\t|"
LONGEST_CELL = 1 << 30  # characters; images in place are longer than csv's own limit

Row = tuple[str, Mapping[str, Any]]  # where it stands, and what it holds


@dataclass(frozen=True, slots=True)
class Known:
    """The columns that are about the item, in place of being what it is."""

    label: str
    id: str | None
    annotator: str | None
    date: str | None


def csv_rows(text: str) -> list[Row]:
    """The rows of a CSV file with a header; comma, semicolon, tab or bar, as its first line says."""
    text = text.lstrip("\r\n")
    first = text.split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=first.count)
    limit = csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        return _csv_rows(reader)
    except csv.Error as error:
        remedy = "Close the quotation mark, or export it again: it may be cut short"
        where = f"line {reader.line_num}"
        raise BadFile(f"this is not CSV ({error})", argument=ARGUMENT, where=where, remedy=remedy) from error
    finally:
        csv.field_size_limit(limit)


def _csv_rows(reader: Any) -> list[Row]:
    header = [name.strip() for name in next(reader)]
    twice = next((name for name in header if header.count(name) > 1), None)
    if twice is not None:
        remedy = "Give each column its own name in the first line"
        raise BadFile(f"two columns are named '{twice}'", argument=ARGUMENT, where="line 1", remedy=remedy)
    rows: list[Row] = []
    for number, cells in enumerate(reader, start=1):
        if not cells:
            continue
        if len(cells) != len(header):
            problem = f"it has {len(cells)} cells for {len(header)} columns (line {reader.line_num})"
            remedy = "Quote cells that hold the delimiter, or export it again"
            raise BadFile(problem, argument=ARGUMENT, where=f"row {number}", remedy=remedy)
        cells_by_name = dict(zip(header, map(_value, cells), strict=True))
        rows.append((f"row {number}", cells_by_name))
    return rows


def _value(cell: str) -> Any:
    """A list of numbers where the cell is one in JSON; else the text."""
    if cell.startswith("[") and cell.endswith("]"):
        with contextlib.suppress(ValueError, RecursionError):
            found = json.loads(cell)
            return found if all(isinstance(each, int | float) for each in found) else cell
    return cell


def json_lines(text: str) -> list[Any]:
    """One JSON value a line; empty lines do not count."""
    lines = text.split("\n")  # not splitlines: text may hold other separators
    return [
        parse_json(line, ARGUMENT, first_line=number)
        for number, line in enumerate(lines, start=1)
        if line.strip()
    ]


def object_rows(values: Sequence[Any]) -> list[Row]:
    """Flat objects as rows."""
    for number, value in enumerate(values, start=1):
        if not isinstance(value, dict):
            problem = f"it is {type(value).__name__}, not an object"
            remedy = "Give one object with a label and a field to learn from per item"
            raise BadFile(problem, argument=ARGUMENT, where=f"row {number}", remedy=remedy)
    return [(f"row {number}", value) for number, value in enumerate(values, start=1)]


def read_rows(rows: Sequence[Row], columns: Columns) -> Dataset:
    """The labelled items of flat rows; rows of one id are answers about one item."""
    if not rows:
        raise BadFile("it holds no rows", argument=ARGUMENT, remedy="Export items that have been labelled")
    names = list({name: None for _, row in rows for name in row})
    label = _column("--label-column", columns.label, LABEL_NAMES, names)
    if label is None:
        problem = "it is not clear which column holds the label"
        raise _unknown("--label-column", problem, names)
    identity = _column("--id-column", columns.id, ID_NAMES, names)
    person = _column("--annotator-column", columns.annotator, ANNOTATOR_NAMES, names)
    date = _column("--date-column", columns.date, DATE_NAMES, names)
    known = Known(label, identity, person, date)
    records: list[Record] = []
    left_out: list[LeftOut] = []
    for place, row in rows:
        given = _label(row.get(label))
        if given:
            records.append(_record(place, row, given, known))
        else:
            left_out.append(LeftOut(place, "label unreadable" if given is None else "no label"))
    return dataset(merged(records), label, columns.field, left_out)


def _label(value: Any) -> str | None:
    """The class that a value names, empty where it is empty; None for what names none."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if value is None or isinstance(value, str | int):
        return "" if value is None else str(value).strip()
    return None


def _record(place: str, row: Mapping[str, Any], label: str, known: Known) -> Record:
    named = None if known.id is None else row.get(known.id)
    annotator = None if known.annotator is None else row.get(known.annotator)
    who = None if annotator in (None, "") else str(annotator)
    no_data = {known.label, known.id, known.annotator, known.date} | NO_DATA
    data = {name: value for name, value in row.items() if name not in no_data}
    given = None if known.date is None else moment(row.get(known.date))
    at = math.nan if given is None else given.timestamp()
    identity = place if named in (None, "") else str(named)
    return Record(identity, place, data, label, who, ((who, label),), at, (at,))


def _column(option: str, wanted: str | None, usual: Sequence[str], names: Sequence[str]) -> str | None:
    if wanted is not None:
        if wanted not in names:
            raise _unknown(option, f"there is no column '{wanted}'", names)
        return wanted
    by_name = {name.lower(): name for name in names}
    return next((by_name[name] for name in usual if name in by_name), None)


def _unknown(option: str, problem: str, names: Sequence[str]) -> BadFile:
    listed = ", ".join(f"'{name}'" for name in names[:NAMED]) or "none"
    return BadFile(problem, argument=option, remedy=f"Name one of the columns: {listed}")
