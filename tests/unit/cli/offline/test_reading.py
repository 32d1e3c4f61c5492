"""What is read from files, and what is refused with place and remedy."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.cli.offline.conftest import annotation, csv_of, task, tasks, text_csv, texts
from workers.cli.offline.dataset import Columns, Dataset
from workers.cli.offline.errors import BadFile
from workers.cli.offline.longest import LONGEST_TEXT, without_longest
from workers.cli.offline.reading import read_file


def read(folder: Path, name: str, text: str | bytes, encoding: str | None = None, **columns: Any) -> Dataset:
    file = folder / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_file(file, Columns(**columns), encoding)


def test_a_csv_needs_no_words(tmp_path: Path) -> None:
    found = read(tmp_path, "a.csv", text_csv())
    assert (found.label_name, found.field, found.classes) == ("label", "text", ("cat", "dog", "fox"))
    assert [one.id for one in found.records[:2]] == ["t0", "t1"]
    assert found.records[0].data == {"text": "purr whiskers purr number0"}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_first_line_says_what_divides_cells(tmp_path: Path, delimiter: str) -> None:
    text = csv_of([["words", "kind"], ["a, b; c", "x"], ["d\n| e", "y"]], delimiter)
    found = read(tmp_path, "a.csv", "\ufeff" + text, label="kind")
    assert [one.data for one in found.records] == [{"words": "a, b; c"}, {"words": "d\n| e"}]
    assert [one.place for one in found.records] == ["line 2", "line 3"]


def test_an_index_without_a_name_is_neither_id_nor_data(tmp_path: Path) -> None:
    found = read(tmp_path, "a.csv", csv_of([["", "words", "label"], ["0", "a", "x"], ["1", "b", "y"]], "\t"))
    assert found.field == "words"
    assert [(one.id, one.annotator, one.data) for one in found.records] == [
        ("line 2", None, {"words": "a"}),
        ("line 3", None, {"words": "b"}),
    ]


def test_a_text_beyond_the_bound_is_left_out_with_field_size_and_remedy(tmp_path: Path) -> None:
    long = "é" * (LONGEST_TEXT + 1)
    rows = [["text", "label"], ["a", "x"], [long, "x"], ["b", "y"], ["data:" + long, "y"]]
    found = read(tmp_path, "a.csv", csv_of(rows))
    assert [one.place for one in found.records] == ["line 2", "line 4", "line 5"]
    assert [one.place for one in found.left_out] == ["line 3"]
    assert found.left_out[0].reason == (
        "'text' holds 4.0 MB of text, and more than 2,000,000 characters are not learned from: "
        "shorten or split it, or name another --field"
    )
    without = read(tmp_path, "a.csv", csv_of(rows), learning=False)
    assert len(without.records) == 4, "what people agree on does not depend on how long a text is"


def test_the_bound_is_one_of_what_is_learned_from(tmp_path: Path) -> None:
    rows = [["text", "note", "label"], ["12345", "1234567", "x"], ["123456", "1", "y"]]
    records = read(tmp_path, "a.csv", csv_of(rows)).records
    kept, left_out = without_longest(records, ["text"], most=5)
    assert [one.place for one in kept] == ["line 2"]
    assert [one.place for one in left_out] == ["line 3"]
    assert without_longest(records, ["text"], most=6) == (records, [])


def test_a_file_of_nothing_but_texts_beyond_the_bound_is_refused(tmp_path: Path) -> None:
    long = "e" * (LONGEST_TEXT + 1)
    with pytest.raises(BadFile, match=r"line 2: all items are left out. 'text' holds 2.0 MB"):
        read(tmp_path, "a.csv", csv_of([["text", "label"], [long, "x"]]))


def test_lists_of_numbers_in_a_csv_are_vectors(tmp_path: Path) -> None:
    rows = [
        ["vector", "note", "label"],
        ["[1, 2.5]", "[2019]", "x"],
        ["[3. 4.]", "plain", "y"],
        ["[5, 6]", "plain", "y"],
        ["[true, false]", "plain", "[x]"],
    ]
    found = read(tmp_path, "a.csv", csv_of(rows))
    assert [one.data["vector"] for one in found.records] == [[1, 2.5], [3.0, 4.0], [5, 6], "[true, false]"]
    assert found.records[0].data["note"] == "[2019]"


def test_json_lines_and_flat_json_are_rows(tmp_path: Path) -> None:
    rows = [{"text": "a\u2028b", "label": 2}, {"text": "b", "label": 10}, {"text": "c", "label": None}]
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n\n"
    for name, text in (("a.jsonl", lines), ("a.json", json.dumps(rows))):
        found = read(tmp_path, name, text)
        assert found.classes == ("2", "10")
        assert [(one.place, one.reason) for one in found.left_out] == [
            ("line 3" if name == "a.jsonl" else "entry 3", "no label")
        ]


def test_rows_of_one_id_are_answers_about_one_item(tmp_path: Path) -> None:
    rows = [
        ["id", "text", "label", "annotator"],
        ["7", "a", "x", "ann"],
        ["8", "b", "x", "ann"],
        ["7", "a", "y", "ben"],
        ["7", "a", "y", "cas"],
    ]
    found = read(tmp_path, "a.csv", csv_of(rows))
    assert [(one.id, one.label, one.annotator) for one in found.records] == [
        ("7", "y", "ben"),
        ("8", "x", "ann"),
    ]
    assert found.records[0].answers == (("ann", "x"), ("ben", "y"), ("cas", "y"))


def test_named_columns_are_used(tmp_path: Path) -> None:
    rows = [["no", "q", "label", "truth", "who"], ["1", "a", "z", "x", "ann"], ["2", "b", "z", "y", ""]]
    named = Columns("truth", "no", "who", ("q",))
    (tmp_path / "a.csv").write_text(csv_of(rows))
    found = read_file(tmp_path / "a.csv", named)
    assert [(one.id, one.label, one.annotator) for one in found.records] == [
        ("1", "x", "ann"),
        ("2", "y", None),
    ]
    assert found.field == "q"


def test_an_export_of_label_studio_needs_no_config(tmp_path: Path) -> None:
    found = read(tmp_path, "a.json", json.dumps(tasks()))
    assert (found.label_name, found.field, len(found.records)) == ("kind", "text", 60)
    assert (found.records[3].id, found.records[3].label, found.records[3].annotator) == ("103", "dog", "2")


def test_several_annotations_give_the_label_that_the_service_would_take(tmp_path: Path) -> None:
    items = [
        task(0, "a", annotation("x", 1), annotation("y", 2), annotation("y", 3)),
        task(1, "b", annotation("x", 1), annotation("x", 2), annotation("y", 3, ground_truth=True)),
        task(2, "c", annotation("x", {"id": 5, "email": "ann@example.org"}), annotation("y", 2)),
    ]
    found = read(tmp_path, "a.json", json.dumps(items))
    assert [one.label for one in found.records] == ["y", "y", "x"]
    assert found.records[0].answers == (("1", "x"), ("2", "y"), ("3", "y"))
    assert found.records[2].annotator == "ann@example.org"


def test_a_correction_of_ours_is_the_label_and_nobodys_answer(tmp_path: Path) -> None:
    def corrected(number: int, edited_by: int) -> dict[str, Any]:
        ours = annotation("y", 9, ground_truth=True, updated_by=edited_by)
        ours["result"][0]["meta"] = {"secondlook": "c", "secondlook_by": "9"}
        return task(number, "a", annotation("x", 1), ours)

    in_place = annotation("y", 1, updated_by=9)
    in_place["result"][0]["meta"] = {"secondlook": "c", "secondlook_by": "9"}
    items = [corrected(0, 9), corrected(1, 2), task(2, "b", in_place), task(3, "c", annotation("x", 1))]
    found = read(tmp_path, "a.json", json.dumps(items))
    assert [one.label for one in found.records] == ["y", "y", "y", "x"]
    assert [one.answers for one in found.records] == [
        (("1", "x"),),
        (("1", "x"), ("9", "y")),  # a person has saved it since
        (("1", "y"),),
        (("1", "x"),),
    ]
    assert "2 corrections by Secondlook: labels that count, and nobody's answers." in found.notes


def test_what_carries_no_single_label_is_left_out_with_the_reason(tmp_path: Path) -> None:
    two = annotation("x")
    two["result"].append(annotation("y")["result"][0])
    broken = annotation("x")
    broken["result"][0]["value"] = {"choices": "x"}
    items = [
        task(0, "a", annotation("x")),
        task(1, "b", annotation("y")),
        task(2, "c"),
        task(3, "d", annotation("x", was_cancelled=True)),
        task(4, "e", annotation(None)),
        task(5, "f", two),
        task(6, "g", broken),
    ]
    found = read(tmp_path, "a.json", json.dumps(items))
    assert len(found.records) == 2
    assert [(one.place, one.reason) for one in found.left_out] == [
        ("task 102", "not labelled"),
        ("task 103", "annotation cancelled"),
        ("task 104", "annotation without a label"),
        ("task 105", "annotation with several labels"),
        ("task 106", "annotation unreadable"),
    ]


def test_the_control_can_be_named_where_there_are_several(tmp_path: Path) -> None:
    other = annotation("x")
    other["result"].append({**annotation("p")["result"][0], "from_name": "mood"})
    items = json.dumps([task(0, "a", other), task(1, "b", annotation("y"))])
    with pytest.raises(BadFile, match="several controls hold choices: kind, mood"):
        read(tmp_path, "a.json", items)
    assert read(tmp_path, "a.json", items, label="kind").classes == ("x", "y")
    with pytest.raises(BadFile, match=r"--label-column.*'nope'.*kind, mood"):
        read(tmp_path, "a.json", items, label="nope")


ONE_CLASS = [task(0, "a", annotation("x")), task(1, "b", annotation("x"))]
BAD: list[tuple[str, str | bytes, str]] = [
    ("a.csv", "", "FILE: the file is empty"),
    ("a.csv", "text,label\na,x\nb,y,z\n", "FILE, line 3: it has 3 cells for the 2 columns 'text', 'label'"),
    ("a.csv", 'text,label\na,x\n"b,y\n', "FILE, line 3: the row that begins here is not CSV"),
    ("a.csv", "text,text,label\na,b,x\n", "line 1: two columns are named 'text'"),
    ("a.csv", "text,label\n", "it holds no rows"),
    ("a.csv", "text,kind\na,x\n", "Name one of the columns: 'text', 'kind'"),
    (
        "a.csv",
        "text,label\na,\nb,\n",
        "in 'label'. What stands there instead: no label (2)",
    ),
    ("a.csv", "text,label\na,x\nb,x\n", "all 2 labels in 'label' are 'x'"),
    ("a.csv", "p,q,label\na,b,x\nc,d,y\n", "--field: it is not clear which field to learn from"),
    ("a.csv", b"text,label\na,x\ncaf\x81,y\n", "FILE, line 3: it is not UTF-8 (byte 18)"),
    ("a.csv", "text,label\na,x\n".encode("utf-16")[:-1], "it is not UTF-16"),
    ("a.csv.gz", b"\x1f\x8bnot gzip", "its gzip packing is damaged"),
    ("a.json", json.dumps(tasks())[:-30], "line 1: the JSON breaks off"),
    ("a.json", '[{"id": 1,\n nope}]', "line 2: this is not JSON"),
    ("a.json", "[" * 100_000, "cannot be read (RecursionError)"),
    ("a.json", "[1" + "0" * 5000 + "]", "cannot be read (ValueError)"),
    ("a.json", "{}", "it holds one object (no keys), not a list of items"),
    ("a.json", "[]", "it holds no items"),
    ("a.json", "[1, 2]", "entry 1: it is int, not an object"),
    ("a.json", json.dumps([task(0, "a"), task(1, "b")]), "of its 2 tasks none has an annotation"),
    ("a.json", json.dumps(ONE_CLASS), "all 2 labels in 'kind' are 'x'"),
    ("a.jsonl", '{"text": "a", "label": "x"}\n\n{"text": "b", "la', "line 3: the JSON breaks off"),
    ("a.jsonl", '{"text": "a", "label": ["x", "y"]}\n' * 2, "several labels"),
]


@pytest.mark.parametrize(("name", "text", "words"), BAD, ids=[words for _, _, words in BAD])
def test_a_bad_file_is_said_with_place_and_remedy(
    tmp_path: Path, name: str, text: str | bytes, words: str
) -> None:
    with pytest.raises(BadFile) as caught:
        read(tmp_path, name, text)
    assert words in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize("option", ["label", "id", "annotator", "fields"])
def test_a_name_that_the_file_does_not_have_is_refused(tmp_path: Path, option: str) -> None:
    with pytest.raises(BadFile) as caught:
        read(tmp_path, "a.csv", text_csv(), **{option: ("nope",) if option == "fields" else "nope"})
    assert caught.value.argument in {f"--{option}-column", f"--{option}".removesuffix("s")}
    assert "'nope'" in str(caught.value)


@pytest.mark.parametrize(
    "garbage", [None, 3, "x", [], {"result": 3}, {"result": [None, {"type": "choices"}]}]
)
def test_no_shape_of_an_annotation_raises_anything_else(tmp_path: Path, garbage: Any) -> None:
    items = [
        *tasks(),
        {"id": None, "data": {}, "annotations": [garbage]},
        {"data": {}, "annotations": garbage},
    ]
    try:
        found = read(tmp_path, "a.json", json.dumps(items), label="kind")
    except BadFile:
        pytest.fail("the other tasks are fine")
    assert len(found.records) == 60


def test_a_folder_or_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(BadFile, match="the folder holds no data"):
        read_file(tmp_path / "folder.csv", Columns())
    with pytest.raises(BadFile, match="there is no such file"):
        read_file(tmp_path / "none.csv", Columns())


def test_labels_that_are_no_text_are_named_as_they_are_written(tmp_path: Path) -> None:
    rows = [{"text": "a", "label": label} for label in (True, False, 2, 3.0, 2.5, " x ")]
    found = read(tmp_path, "a.jsonl", "\n".join(map(json.dumps, rows)))
    assert found.classes == ("2", "2.5", "3", "false", "true", "x")
    assert found.left_out == ()


def test_half_a_character_does_not_break_what_is_written_later(tmp_path: Path) -> None:
    text = r'[{"text": "a\ud800b", "label": "x\udc00"}, {"text": "\ud83d\ude00", "label": "y"}]'
    found = read(tmp_path, "a.json", text)
    assert [one.data["text"] for one in found.records] == ["a?b", "😀"]
    assert found.classes == ("x?", "y")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), name=st.sampled_from(["a.json", "a.jsonl", "a.csv"]))
def test_a_damaged_file_is_read_or_refused_and_nothing_else(
    tmp_path: Path, data: st.DataObject, name: str
) -> None:
    whole = {
        "a.json": json.dumps(tasks()[:6]),
        "a.jsonl": "\n".join(json.dumps({"text": text, "label": label}) for text, label in texts()[:6]),
        "a.csv": text_csv(),
    }[name].encode()
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 200)))
    damaged = whole[:start] + data.draw(st.binary(max_size=8)) + whole[end:]
    with contextlib.suppress(BadFile):
        assert len(read(tmp_path, name, damaged).classes) >= 2
