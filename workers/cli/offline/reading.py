"""From a path to labelled items."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from workers.cli.offline.dataset import ARGUMENT, Columns, Dataset
from workers.cli.offline.errors import BadFile
from workers.cli.offline.label_studio import is_export, read_tasks
from workers.cli.offline.rows import csv_rows, json_lines, object_rows, read_rows
from workers.cli.offline.text import parse_json, read_text

ENDINGS = (".json", ".jsonl", ".csv")


def read_file(path: Path, columns: Columns) -> Dataset:
    """Read a Label Studio export, flat JSON, JSON lines or CSV.

    Raises
    ------
    BadFile
        If it is not there, not what its ending says, or holds nothing to judge.
    """
    if path.suffix.lower() not in ENDINGS:
        problem = f"'{path.name}' ends in none of {', '.join(ENDINGS)}"
        raise BadFile(problem, argument=ARGUMENT, remedy="Say what it holds by the ending")
    text = read_text(path, ARGUMENT)
    if path.suffix.lower() == ".csv":
        return read_rows(csv_rows(text), columns)
    values = json_lines(text) if path.suffix.lower() == ".jsonl" else _list(parse_json(text, ARGUMENT))
    if not values:
        raise BadFile("it holds no items", argument=ARGUMENT, remedy="Export items that have been labelled")
    if is_export(values):
        return read_tasks(values, columns)
    return read_rows(object_rows(values), columns)


def _list(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    remedy = "Give a list of tasks, as Label Studio exports it (JSON), or of flat objects"
    raise BadFile(f"it holds one {type(value).__name__}, not a list", argument=ARGUMENT, remedy=remedy)
