"""Arrays of one's own, as numpy, JSON, CSV or Parquet hold them, with the names of their columns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.cli.offline.arrays import MAGIC, load_array
from workers.cli.offline.columns import IDS, SURE, UNNAMED, USUAL, by_usual_name, unknown
from workers.cli.offline.errors import BadFile
from workers.cli.offline.formats.delimited import cells_of
from workers.cli.offline.formats.json_values import parse_json
from workers.cli.offline.formats.source import InputFile, load, text_of
from workers.cli.offline.kinds import number_of
from workers.cli.offline.reading import entries_of
from workers.cli.offline.vectors import numbers_of

NUMPY = (".npy", ".npz")
PLAIN = (".csv", ".tsv", ".txt", ".tab")
TRUTH = ("truth", "true_label", "y_true", "y")  # further names of a column of classes
GIVEN = ("given", "given_label", "y")
LISTS = ("probs", "pred_probs", "probabilities", "scores", "class_scores", "prediction")
# Before the class in a column's name: prob_cat.
PREFIX = re.compile(r"(p|pred|prob|proba|probability|score)s?([ _.-](prob|proba))?[ _.:-]", re.IGNORECASE)
DECIMAL_COMMA = re.compile(r"\s*-?\d+,\d+\s*")
SHOWN = 40  # characters of a value in a message
ONE_VALUE = "Give one value a row"

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class NamedArray:
    """`values` (N,) or (N, K) as the file holds them; `names` of the K columns, where it names them."""

    values: Array
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _ClassTable:
    """Columns by name, or rows without names."""

    columns: Mapping[str, Sequence[Any]]
    rows: Sequence[Any] = ()


def read_classes(path: Path, argument: str) -> Array:
    """One class a row, numbers or text: an array, a list, or the column of a table. BadFile else."""
    if _is_numpy(path):
        return load_array(path, argument)
    table = _table(path, argument)
    column = list(table.rows) if not table.columns else _class_column(table.columns, argument)
    column = [value[0] if isinstance(value, list) and len(value) == 1 else value for value in column]
    _refuse_gaps(column, argument)
    numbers = [number_of(str(value)) for value in column]
    if all(number is not None for number in numbers):
        whole = [int(number) for number in numbers if number is not None and number.is_integer()]
        return np.array(whole if len(whole) == len(numbers) else numbers)
    return np.array([str(value) for value in column])


def read_probabilities(path: Path, argument: str) -> NamedArray:
    """The classes' probabilities of each row: an array, lists, or columns named as classes. BadFile else."""
    if _is_numpy(path):
        return NamedArray(load_array(path, argument))
    table = _table(path, argument)
    if not table.columns:
        return NamedArray(_matrix([_row(row) for row in table.rows], argument))
    listed = next((name for name in LISTS if name in table.columns), None)
    if listed is not None and not isinstance(_first(table.columns[listed]), int | float):
        return _of_cells(table.columns[listed], argument)
    about = {*IDS, *SURE, *GIVEN, *TRUTH}
    names = [
        name for name in table.columns if name.lower() not in about and not UNNAMED.fullmatch(name) and name
    ]
    if not names:
        raise unknown(argument, "no column of it holds probabilities of a class", list(table.columns))
    rows = list(zip(*(table.columns[name] for name in names), strict=True))
    matrix = _matrix(rows, argument, names)
    if all(PREFIX.match(name) for name in names):
        names = [PREFIX.sub("", name, count=1) for name in names]
    if _are_numbers(names):  # in whatever order
        return NamedArray(matrix[:, [names.index(str(k)) for k in range(len(names))]])
    return NamedArray(matrix, tuple(names))


def _is_numpy(path: Path) -> bool:
    if path.suffix.lower() in NUMPY:
        return True
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False  # said when it is read


def _table(path: Path, argument: str) -> _ClassTable:
    source = load(path, argument=argument)
    if source.suffix == ".json":
        value = parse_json(text_of(source, argument)[0], argument)
        if isinstance(value, Mapping) and value and all(isinstance(each, list) for each in value.values()):
            return _of_lists(value, argument)
        if isinstance(value, list) and value and not isinstance(value[0], Mapping):
            return _ClassTable({}, value)
    if source.suffix in PLAIN:
        return _of_text(source, argument)
    try:
        rows = entries_of(source).rows
    except BadFile as error:
        raise BadFile(error.problem, argument=argument, where=error.where, remedy=error.remedy) from error
    names = dict.fromkeys(name for row in rows for name in row.values)
    return _ClassTable({name: [row.values.get(name) for row in rows] for name in names})


def _of_lists(value: Mapping[str, Sequence[Any]], argument: str) -> _ClassTable:
    lengths = {name: len(each) for name, each in value.items()}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"'{name}' {n}" for name, n in list(lengths.items())[:6])
        problem = f"its lists are of different lengths: {listed}"
        raise BadFile(problem, argument=argument, remedy="Give one value a row in each")
    return _ClassTable(value)


def _of_text(source: InputFile, argument: str) -> _ClassTable:
    """Rows of cells, of which the first may be a header."""
    text, _ = text_of(source, argument)
    mark = next((mark for mark in ";\t|" if mark in text.partition("\n")[0]), None)  # a comma may be decimal
    rows = [
        _cells(cells) for cells in cells_of(text, source.suffix, mark) if any(cell.strip() for cell in cells)
    ]
    if not rows:
        raise BadFile("it holds no rows", argument=argument, remedy=ONE_VALUE)
    short = next((n for n, cells in enumerate(rows) if len(cells) != len(rows[0])), None)
    if short is not None:
        problem = f"it has {len(rows[short])} cells, and the first row {len(rows[0])}"
        raise BadFile(problem, argument=argument, where=f"row {short}", remedy="Give as many in each row")
    if _is_header(rows):
        return _ClassTable({name: [row[n] for row in rows[1:]] for n, name in enumerate(rows[0])})
    return _ClassTable({}, rows)


def _cells(cells: Sequence[str]) -> list[str]:
    """A row's cells; blanks divide numbers where nothing else does; a decimal comma becomes a point."""
    if len(cells) == 1 and (numbers := numbers_of(cells[0])) is not None and "[" not in cells[0]:
        return [repr(number) for number in numbers]
    return [cell.replace(",", ".") if DECIMAL_COMMA.fullmatch(cell) else cell.strip() for cell in cells]


def _is_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names columns: by words, or by the numbers of the classes over fractions."""
    first = rows[0]
    if _class_name(first) is not None or (len(first) > 1 and all(number_of(cell) is None for cell in first)):
        return True
    return (
        len(first) > 1 and _are_numbers(first) and all(any("." in cell for cell in row) for row in rows[1:])
    )


def _are_numbers(names: Sequence[str]) -> bool:
    """Whether they are the numbers of all classes, in any order."""
    return sorted(names) == sorted(map(str, range(len(names))))


def _class_name(names: Sequence[str]) -> str | None:
    by_name = by_usual_name(names)
    return next((by_name[name] for name in (*SURE, *GIVEN, *TRUTH, *USUAL) if name in by_name), None)


def _class_column(columns: Mapping[str, Sequence[Any]], argument: str) -> Sequence[Any]:
    name = _class_name(list(columns)) if len(columns) > 1 else next(iter(columns))
    if name is None:
        raise unknown(argument, "it is not clear which of its columns holds the classes", list(columns))
    return columns[name]


def _of_cells(cells: Sequence[Any], argument: str) -> NamedArray:
    """Lists of numbers, or objects of classes with their probabilities, one a row."""
    if isinstance(_first(cells), Mapping):
        names = list(dict.fromkeys(name for cell in cells if isinstance(cell, Mapping) for name in cell))
        rows = [[cell.get(name) for name in names] if isinstance(cell, Mapping) else [] for cell in cells]
        return NamedArray(_matrix(rows, argument, names), tuple(map(str, names)))
    return NamedArray(_matrix([_row(cell) for cell in cells], argument))


def _row(value: Any) -> Any:
    if isinstance(value, str):
        return numbers_of(value) or value
    return value


def _first(values: Sequence[Any]) -> Any:
    return next((value for value in values if value is not None), None)


def _matrix(rows: Sequence[Any], argument: str, names: Sequence[str] = ()) -> Array:
    """(N, K) numbers. BadFile with the row, and the column, that is none."""
    if not rows:
        raise BadFile("it holds no rows", argument=argument, remedy=ONE_VALUE)
    width = len(rows[0]) if isinstance(rows[0], Sequence) else 0
    for n, row in enumerate(rows):
        if not isinstance(row, Sequence) or isinstance(row, str) or len(row) != width:
            problem = f"it is {str(row)[:SHOWN]!r}, and the first row has {width} numbers"
            remedy = "Give one number for each class in every row"
            raise BadFile(problem, argument=argument, where=f"row {n}", remedy=remedy)
    try:
        return np.array(rows, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise _no_number(rows, argument, names) from error


def _no_number(rows: Sequence[Sequence[Any]], argument: str, names: Sequence[str]) -> BadFile:
    for n, row in enumerate(rows):
        for k, value in enumerate(row):
            if isinstance(value, bool) or number_of(str(value)) is None:
                column = f"'{names[k]}'" if names else f"column {k}"
                problem, remedy = (
                    f"{column} is {str(value)[:SHOWN]!r}, no number",
                    "Give a probability, such as 0.25",
                )
                return BadFile(problem, argument=argument, where=f"row {n}", remedy=remedy)
    return BadFile("its rows are no numbers", argument=argument, remedy="Give a probability for each class")


def _refuse_gaps(column: Sequence[Any], argument: str) -> None:
    for n, value in enumerate(column):
        if value is None or isinstance(value, list | Mapping) or not str(value).strip():
            raise BadFile(
                f"it is {str(value)[:SHOWN]!r}", argument=argument, where=f"row {n}", remedy=ONE_VALUE
            )
