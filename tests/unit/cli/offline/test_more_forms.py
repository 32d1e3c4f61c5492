"""Forms that tools write beside the usual ones: each is read, or refused with what to do."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
from collections.abc import Callable, Sequence
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
    assert "1 entry is no object: left out (entry 1)" in data.notes[0]
    with pytest.raises(BadFile, match="not an object"):
        read(tmp_path, json.dumps([1, 2, entries[0]]), "file.json")


def test_columns_of_people_under_names_of_their_own_are_explained(tmp_path: Path) -> None:
    rows = [(*row, row[1]) for row in ROWS]
    with pytest.raises(BadFile, match=r"label_ann.*name the columns annotator_1"):
        read(tmp_path, table(rows, "text,label_ann,label_ben"))


def test_an_archive_of_one_array_is_that_array(tmp_path: Path) -> None:
    np.savez(tmp_path / "one.npz", probs=np.eye(2))
    np.savez(tmp_path / "two.npz", a=np.eye(2), b=np.eye(2))
    assert load_array(tmp_path / "one.npz", "--probs").tolist() == [[1.0, 0.0], [0.0, 1.0]]
    with pytest.raises(BadFile, match=r"holds 2 arrays \(a, b\)"):
        load_array(tmp_path / "two.npz", "--probs")


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_packings_are_known_by_their_content(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    (tmp_path / "file.csv").write_bytes(pack(table().encode()))
    assert len(read_file(tmp_path / "file.csv", Columns()).records) == len(ROWS)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"SQLite format 3\0" + b"\1" * 40, "an SQLite database"),
        (b"\x80\x04\x95", "a Python pickle"),
        (b"%PDF-1.7", "a PDF document"),
        (b"\n<!DOCTYPE html>\n<p>Log in, please</p>", "a web page"),
    ],
)
def test_what_holds_no_labels_is_named(tmp_path: Path, content: bytes, word: str) -> None:
    (tmp_path / "file.csv").write_bytes(content)
    with pytest.raises(BadFile, match=word):
        read_file(tmp_path / "file.csv", Columns())


def test_a_few_broken_characters_are_no_other_encoding(tmp_path: Path) -> None:
    content = table([(f"{text} café", label) for text, label in ROWS * 3]).encode()
    (tmp_path / "file.csv").write_bytes(content.replace("é".encode(), b"\xe9", 1))
    data = read_file(tmp_path / "file.csv", Columns())
    assert [each.data["text"][-4:] for each in data.records[:2]] == ["caf\ufffd", "café"]
    assert "1 character is not UTF-8 (the first in line 2)" in data.notes[0]


def test_lines_of_fasttext_are_labels_and_text(tmp_path: Path) -> None:
    data = read(tmp_path, "\n".join(f"__label__{label} {text}" for text, label in ROWS), "train.txt")
    assert [(each.data["text"], each.label) for each in data.records] == ROWS


def test_titles_and_repeated_headers_are_passed_over_and_said(tmp_path: Path) -> None:
    rows = table().splitlines()
    data = read(tmp_path, "\n".join(["Survey of 2024", "", *rows[:4], rows[0], *rows[4:]]))
    assert [each.label for each in data.records] == [label for _, label in ROWS]
    assert data.records[0].place == "line 4"
    assert [note.partition(" ")[2] for note in data.notes] == [
        "line before the header has one cell: it is passed over.",
        "row is the header again: it is passed over.",
    ]


def test_single_quotation_marks_and_such_as_do_not_close_are_read(tmp_path: Path) -> None:
    quoted = "\n".join(f"'{text}, too','{label}'" for text, label in [("text", "label"), *ROWS])
    assert [each.label for each in read(tmp_path, quoted).records] == [label for _, label in ROWS]
    plain = read(tmp_path, table([(f'"{text}', label) for text, label in ROWS], mark="\t"), "file.tsv")
    assert plain.records[0].data["text"] == f'"{ROWS[0][0]}'


LISTED = [{"text": text, "label": label} for text, label in ROWS]


@pytest.mark.parametrize(
    "content",
    [
        json.dumps([["text", "label"], *ROWS]),
        json.dumps(json.dumps(LISTED)),
        json.dumps([{"tasks": LISTED[:3], "total": 8}, {"tasks": LISTED[3:], "total": 8}]),
        json.dumps({"tasks": LISTED[:3]}) + "\n" + json.dumps({"tasks": LISTED[3:]}),
    ],
)
def test_more_wrappings_of_json_are_read(tmp_path: Path, content: str) -> None:
    assert [each.label for each in read(tmp_path, content, "file.json").records] == [one for _, one in ROWS]


def test_json_that_python_printed_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="not JSON") as caught:
        read(tmp_path, str(LISTED), "file.json")
    assert caught.value.remedy == "It is written as Python prints it: write it with json.dump"


def test_columns_of_marks_are_the_classes_where_nothing_else_is_the_label(tmp_path: Path) -> None:
    marked = [(text, str(int(label == "cat")), str(int(label == "dog"))) for text, label in ROWS]
    data = read(tmp_path, table(marked, "text,cat,dog"))
    assert [each.label for each in data.records] == [label for _, label in ROWS]
    assert "'cat', 'dog'" in data.notes[0]
    several = [(f"t {n}", "1", str(n % 3 // 2), "0" if n % 4 else "1") for n in range(16)]
    sets = read(tmp_path, table(several, "text,a,b,c"))
    assert {each.label for each in sets.records} >= {"a", "a, c", "a, b"}
    other = [(text, str(n % 2), str(n % 3 // 2), label) for n, (text, label) in enumerate(ROWS)]
    with pytest.raises(BadFile, match="not clear which column holds the label"):
        read(tmp_path, table(other, "text,a,b,kind"))


def test_lists_of_several_peoples_answers_are_answers_about_one_item(tmp_path: Path) -> None:
    rows = [
        {"text": text, "annotations": [{"label": label, "user": 1}, {"label": "cat", "user": 2}]}
        for text, label in ROWS
    ]
    data = read(tmp_path, json.dumps(rows), "file.json")
    assert data.records[0].answers == (("1", "dog"), ("2", "cat"))
    assert len(data.records) == len(ROWS)
    rows = [{"text": text, "labels": [label, label, "cat"]} for text, label in ROWS]
    assert [each.label for each in read(tmp_path, json.dumps(rows), "file.json").records] == [
        label for _, label in ROWS
    ]


@pytest.mark.parametrize("header", ["Input.text,Answer.label", '"text","Label"', "TEXT,La bel"])
def test_usual_names_are_known_in_other_spellings(tmp_path: Path, header: str) -> None:
    assert len(read(tmp_path, table(header=header)).records) == len(ROWS)


def test_what_is_no_table_says_why(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="there is one column"):
        read(tmp_path, table(mark="~"))
    with pytest.raises(BadFile, match="the first row is an item"):
        read(tmp_path, "".join(f"{text},{label}\n" for text, label in ROWS))


def test_a_word_that_may_stand_for_nothing_is_said_and_can_be_named(tmp_path: Path) -> None:
    rows = table([*ROWS, ("number 9", "None"), ("number 10", "None")])
    data = read(tmp_path, rows)
    assert "Judged as a class: 'None' (2)" in data.notes[0]
    (tmp_path / "named.csv").write_text(rows)
    assert read_file(tmp_path / "named.csv", Columns(no_label=("None",))).classes == ("cat", "dog")
