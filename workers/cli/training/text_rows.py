"""JSON lines and CSV: a line an item."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from connector.wording.spreadsheets import BOM, safe
from workers.cli.training.shapes import TrainingExample
from workers.cli.training.writers import ExportPlan, flat

ABOUT = ("id", "label", "status", "quality", "weight", "given")
MORE = "more"  # what the first item does not have


class JsonLines:
    """One object a line: id, label, status, quality, weight, given, and the item's data."""

    remarks: Sequence[str] = ()

    def __init__(self, path: Path, plan: ExportPlan) -> None:  # noqa: ARG002 - of all writers
        self._stream = path.open("w", encoding="utf-8", newline="\n")

    def add(self, example: TrainingExample) -> None:
        self._stream.write(json.dumps(example.plain(), ensure_ascii=False, allow_nan=False) + "\n")

    def close(self) -> None:
        self._stream.close()


class CommaSeparated:
    """A table whose columns are those of the first item; what later items have besides stands in `more`."""

    remarks: Sequence[str] = ()

    def __init__(self, path: Path, plan: ExportPlan) -> None:  # noqa: ARG002 - of all writers
        self._stream = path.open("w", encoding="utf-8", newline="")
        self._stream.write(BOM)
        self._lines = csv.writer(self._stream)
        self._fields: list[str] | None = None

    def add(self, example: TrainingExample) -> None:
        data = flat(example.data)
        if self._fields is None:
            self._fields = list(data)
            self._lines.writerow([*map(safe, (*ABOUT, *(_column(name) for name in self._fields))), MORE])
        about = example.plain()
        more = {name: value for name, value in data.items() if name not in self._fields}
        cells = [*(about[name] for name in ABOUT), *(data.get(name) for name in self._fields), more or None]
        self._lines.writerow([safe(_cell(cell)) for cell in cells])

    def close(self) -> None:
        if self._fields is None:
            self._lines.writerow([*ABOUT, MORE])
        self._stream.close()


def _column(name: str) -> str:
    return f"data.{name}" if name in (*ABOUT, MORE) else name


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value
