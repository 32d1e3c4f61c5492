"""Small files with planted errors."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from workers.cli.app import run

Ran = tuple[int, str, str]
WORDS = {"cat": "purr whiskers meow paw", "dog": "bark fetch leash wag", "fox": "den brush vixen russet"}
WRONG = {3: "dog", 17: "fox"}  # row → the label it is given; both are cats


def texts() -> list[tuple[str, str]]:
    """60 items, twenty of each class, two labels of which are wrong: (text, given label)."""
    items = []
    for n in range(60):
        truth = ("cat", "dog", "fox")[n // 20]
        words = WORDS[truth].split()
        text = f"{words[n % 4]} {words[(n + 1) % 4]} {words[(n // 4) % 4]} number{n % 7}"
        items.append((text, WRONG.get(n, truth)))
    return items


def csv_of(rows: list[list[Any]], delimiter: str = ",") -> str:
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter).writerows(rows)
    return stream.getvalue()


def text_csv() -> str:
    return csv_of(
        [["id", "text", "label"], *([f"t{n}", text, label] for n, (text, label) in enumerate(texts()))]
    )


def annotation(label: str | None, by: Any = 1, **more: Any) -> dict[str, Any]:
    region = {"from_name": "kind", "to_name": "t", "type": "choices", "value": {"choices": [label]}}
    return {"id": 1, "completed_by": by, "result": [region] if label else [], **more}


def task(n: int, text: str, *annotations: dict[str, Any]) -> dict[str, Any]:
    return {"id": 100 + n, "data": {"text": text}, "annotations": list(annotations)}


def tasks() -> list[dict[str, Any]]:
    """The same items as Label Studio exports them."""
    return [task(n, text, annotation(label, 1 + n % 2)) for n, (text, label) in enumerate(texts())]


@pytest.fixture
def scan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ran]:
    """Run `secondlook scan` in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> Ran:
        code = run(["scan", *arguments])
        return code, *capsys.readouterr()

    return call


@pytest.fixture
def cats(tmp_path: Path) -> Path:
    file = tmp_path / "cats.csv"
    file.write_text(text_csv(), encoding="utf-8")
    return file


@pytest.fixture
def export(tmp_path: Path) -> Path:
    file = tmp_path / "export.json"
    file.write_text(json.dumps(tasks()), encoding="utf-8")
    return file
