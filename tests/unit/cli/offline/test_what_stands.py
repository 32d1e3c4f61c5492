"""Which rows stand, which words are no class, which fields are no text: by what people write for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.offline.conftest import csv_of
from workers.cli.offline.dataset import Columns, Dataset
from workers.cli.offline.errors import BadFile
from workers.cli.offline.labels import NoClass, read_label, words_for_nothing
from workers.cli.offline.naming import what_they_name
from workers.cli.offline.reading import read_file

ROWS = [(f"number {n} {'purr' if n % 2 else 'bark'}", "cat" if n % 2 else "dog") for n in range(8)]
FALLEN = 3


def read(tmp_path: Path, column: str, falls: str, stands: str) -> Dataset:
    rows = [[*row, falls if n == FALLEN else stands] for n, row in enumerate(ROWS)]
    (tmp_path / "file.csv").write_text(csv_of([["text", "label", column], *rows]), encoding="utf-8")
    return read_file(tmp_path / "file.csv", Columns())


@pytest.mark.parametrize(
    ("column", "falls", "stands"),
    [
        ("review", "Rejected", "Approved"),
        ("QA", "fail", "pass"),
        ("qc_result", "Failed", ""),
        ("validity", "invalid", "valid"),
        ("Decision", "Refuse", "Accept"),
        ("Status", "abgelehnt", "angenommen"),
        ("estado", "rechazado", "aceptado"),
        ("workflow_state", "in_review", "done"),
        ("is_valid", "N", "Y"),
        ("deleted_at", "2024-03-01", ""),
        ("Rejected At", "2024-03-01 10:00", "NULL"),
    ],
)
def test_a_column_that_says_what_became_of_a_row_is_believed(
    tmp_path: Path, column: str, falls: str, stands: str
) -> None:
    data = read(tmp_path, column, falls, stands)
    assert [each.place for each in data.left_out] == [f"line {FALLEN + 2}"]
    assert column in data.left_out[0].reason


@pytest.mark.parametrize(
    ("column", "falls", "stands"),
    [
        ("source", "web", "mail"),
        ("answer_text", "open", "closed"),
        ("side", "right", "wrong"),
        ("flag", "pass", ""),
    ],
)
def test_words_that_may_be_features_take_no_row_out(
    tmp_path: Path, column: str, falls: str, stands: str
) -> None:
    assert len(read(tmp_path, column, falls, stands).records) == len(ROWS)


def test_a_verdict_column_with_a_word_that_is_not_known_is_said(tmp_path: Path) -> None:
    data = read(tmp_path, "status", "vetoed", "done")
    assert "'status' was not taken for a verdict: it holds 'vetoed'" in data.notes[0]


@pytest.mark.parametrize(
    "word", ["no_label", "not_labeled", "#N/D", "Keine Angabe", "未标注", "なし", "s/o", "<NA>"]
)
def test_more_words_for_nothing_are_no_class(word: str) -> None:
    assert words_for_nothing([word, "cat"]) == {word}


@pytest.mark.parametrize("word", ["skip", "unsure", "idk"])
def test_words_that_some_use_for_nothing_are_judged_and_said(tmp_path: Path, word: str) -> None:
    rows = [[text, word if n < 2 else label] for n, (text, label) in enumerate(ROWS)]
    (tmp_path / "file.csv").write_text(csv_of([["text", "label"], *rows]), encoding="utf-8")
    assert f"--no-label {word}" in read_file(tmp_path / "file.csv", Columns()).notes[0]


@pytest.mark.parametrize(
    ("cell", "reading"),
    [
        ("['O', 'B-PER', 'O']", NoClass.TAGS),
        (["O", "I-LOC"], NoClass.TAGS),
        ("[1 0 0]", NoClass.MARKS),
        ("[1. 0. 0.]", NoClass.MARKS),
        ("cat\n", "cat"),
        ("cat\ndog", "cat\ndog"),
    ],
)
def test_structure_in_a_cell_is_what_it_is(cell: Any, reading: str | NoClass) -> None:
    assert read_label(cell) == reading


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ("sha256:5feceb66ffc86f38d952786c6d696c79", "keys"),
        ("aGVsbG8gMCB0aGVyZSBteSBmcmllbmQ=", "keys or encoded data"),
        ("user0@example.org", "mail addresses or telephone numbers"),
        ("+49 170 1000000", "mail addresses or telephone numbers"),
        ("Donaudampfschifffahrt", None),
        ("call +49 170 1000000 now", None),
    ],
)
def test_what_names_an_item_is_no_text(value: str, word: str | None) -> None:
    assert what_they_name([value] * 3) == word


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda rows: {"hits": {"total": 8, "hits": [{"_id": row["id"], "_source": row} for row in rows]}},
        lambda rows: {"data": {"items": {"edges": [{"node": row} for row in rows]}}},
        lambda rows: {"features": [{"name": "text"}], "rows": [{"row_idx": 0, "row": row} for row in rows]},
        lambda rows: {"status": "ok", "result": {"items": rows, "total": 8}},
    ],
)
def test_items_within_objects_of_an_answer_are_found(tmp_path: Path, wrapped: Any) -> None:
    rows = [{"id": str(n), "text": text, "label": label} for n, (text, label) in enumerate(ROWS)]
    (tmp_path / "file.json").write_text(json.dumps(wrapped(rows)), encoding="utf-8")
    data = read_file(tmp_path / "file.json", Columns())
    assert [(each.id, each.label) for each in data.records] == [(row["id"], row["label"]) for row in rows]
    assert data.notes[0].startswith("Items are taken from the list under")


def test_lists_of_which_none_is_usual_are_named(tmp_path: Path) -> None:
    (tmp_path / "file.json").write_text(json.dumps({"a": [{"x": 1}], "b": [{"x": 1}]}), encoding="utf-8")
    with pytest.raises(BadFile, match=r"several lists: 'a' \(1\), 'b' \(1\)"):
        read_file(tmp_path / "file.json", Columns())
