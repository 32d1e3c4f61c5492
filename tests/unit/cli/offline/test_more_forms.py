"""Forms that tools write beside the usual ones: each is read, or refused with what to do."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from workers.cli.offline.arrays import load_array
from workers.cli.offline.dataset import Columns, Dataset
from workers.cli.offline.errors import BadFile
from workers.cli.offline.labels import NoClass, read_label
from workers.cli.offline.reading import read_file

ROWS = [(f"number {n} {'purr' if n % 2 else 'bark'}", "cat" if n % 2 else "dog") for n in range(8)]


def read(tmp_path: Path, text: str, name: str = "file.csv", **columns: str) -> Dataset:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return read_file(tmp_path / name, Columns(**columns))  # type: ignore[arg-type]


def table(rows: Sequence[tuple[str, ...]] = ROWS, header: str = "text,label", mark: str = ",") -> str:
    return "\n".join([header.replace(",", mark), *(mark.join(row) for row in rows)]) + "\n"


@pytest.mark.parametrize("name", ["is_deleted", "Was Discarded", "excluded"])
def test_a_flag_column_that_says_yes_takes_the_row_out(tmp_path: Path, name: str) -> None:
    rows = [(*row, str(n == 3)) for n, row in enumerate(ROWS)]
    data = read(tmp_path, table(rows, f"text,label,{name}"))
    assert len(data.records) == len(ROWS) - 1
    assert [(each.place, each.reason) for each in data.left_out] == [("line 5", f"'{name}' says true")]


@pytest.mark.parametrize("mark", ["^", "\x01"])
def test_rarer_marks_divide_cells_too(tmp_path: Path, mark: str) -> None:
    assert [each.label for each in read(tmp_path, table(mark=mark)).records] == [row[1] for row in ROWS]


def test_remarks_before_the_header_are_passed_over_and_said(tmp_path: Path) -> None:
    data = read(tmp_path, "# exported by a tool\n# twice\n" + table())
    assert "2 lines before the header begin with #" in data.notes[0]
    assert data.records[0].place == "line 4"
    assert len(data.records) == len(ROWS)


def test_a_header_that_begins_with_a_hash_is_a_header(tmp_path: Path) -> None:
    data = read(tmp_path, table(header="#text,label"))
    assert len(data.records) == len(ROWS)
    assert data.fields == ("#text",)


def test_one_class_marked_among_all_is_the_label(tmp_path: Path) -> None:
    lines = [
        json.dumps({"text": text, "cats": {"cat": label == "cat", "dog": label == "dog"}})
        for text, label in ROWS
    ]
    data = read(tmp_path, "\n".join(lines), "file.jsonl")
    assert [each.label for each in data.records] == [row[1] for row in ROWS]


@pytest.mark.parametrize(
    ("marks", "reading"),
    [
        ({"a": 1.0, "b": 0.0}, "a"),
        ({"a": 1, "b": 1}, NoClass.SEVERAL),
        ({"a": 0, "b": 0}, NoClass.NONE),
        ({"a": 0.4, "b": 0.6}, NoClass.UNREADABLE),
        ({"id": 1, "name": "x"}, "x"),
    ],
)
def test_marks_by_class_name_one_class_or_none(marks: dict[str, object], reading: object) -> None:
    assert read_label(marks) == reading


def test_an_entry_that_is_no_object_is_left_out_and_said(tmp_path: Path) -> None:
    entries = [{"text": text, "label": label} for text, label in ROWS]
    data = read(tmp_path, json.dumps(["broken", *entries]), "file.json")
    assert len(data.records) == len(ROWS)
    assert "1 entries are no objects and are left out (entry 1)" in data.notes[0]
    with pytest.raises(BadFile, match="not an object"):
        read(tmp_path, json.dumps([1, 2, entries[0]]), "file.json")


def test_columns_of_people_under_names_of_their_own_are_explained(tmp_path: Path) -> None:
    rows = [(*row, row[1]) for row in ROWS]
    with pytest.raises(BadFile, match=r"label_ann.*name the columns annotator_1"):
        read(tmp_path, table(rows, "text,label_ann,label_ben"))


def test_an_archive_is_told_from_a_workbook(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "file.zip", "w") as archive:
        archive.writestr("data.csv", table())
    with pytest.raises(BadFile, match=r"ZIP archive with 'data\.csv'"):
        read_file(tmp_path / "file.zip", Columns())


def test_an_archive_of_one_array_is_that_array(tmp_path: Path) -> None:
    np.savez(tmp_path / "one.npz", probs=np.eye(2))
    np.savez(tmp_path / "two.npz", a=np.eye(2), b=np.eye(2))
    assert load_array(tmp_path / "one.npz", "--probs").tolist() == [[1.0, 0.0], [0.0, 1.0]]
    with pytest.raises(BadFile, match=r"holds 2 arrays \(a, b\)"):
        load_array(tmp_path / "two.npz", "--probs")
