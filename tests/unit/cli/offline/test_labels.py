"""What a cell says about a label, and which columns are asked."""

from __future__ import annotations

import pytest

from connector.model import LabelStatus
from workers.cli.offline.columns import choose
from workers.cli.offline.dataset import Columns
from workers.cli.offline.errors import BadFile
from workers.cli.offline.formats.entries import FileEntry
from workers.cli.offline.labels import NoClass, joined, read_label, words_for_nothing
from workers.cli.offline.naming import what_they_name
from workers.cli.offline.spellings import find_spellings
from workers.cli.offline.verdicts import dropped_rows


@pytest.mark.parametrize(
    ("value", "reading"),
    [
        (" x ", "x"),
        ("a\u200bb ", "ab"),
        (True, "true"),
        (4.5, "4.5"),
        (2.0, "2"),
        (["x"], "x"),
        (["x", "x"], "x"),
        ("['x']", "x"),
        ('{"choices": ["x"]}', "x"),
        ({"id": 3, "name": "x"}, "x"),
        ({"rating": 4}, "4"),
        ({"taxonomy": [["a", "b"]]}, "a / b"),
        ([["a", "b"]], "a / b"),
        ("[x", "[x"),
        ("[not json]", "[not json]"),
        (None, NoClass.NONE),
        ("", NoClass.NONE),
        ([], NoClass.NONE),
        (float("nan"), NoClass.NONE),
        (["x", "y"], NoClass.SEVERAL),
        ('{"choices": ["x", "y"]}', NoClass.SEVERAL),
        ([{"start": 0, "end": 3, "labels": ["P"]}], NoClass.PLACES),
        ([[0, 3, "P"]], NoClass.PLACES),
        ("O O B-PER I-PER", NoClass.TAGS),
        ({"deep": {}}, NoClass.UNREADABLE),
        ('"x"', "x"),
        ("{'x'}", "x"),
        ("['x' 'y']", NoClass.SEVERAL),  # as numpy prints it: Python would read 'xy'
        ({"labels": ["x"], "note": ""}, "x"),
        ([{"classname": "x"}], "x"),
        ({"label": 1, "user": 1}, "1"),
        ([1, 0, 0], NoClass.MARKS),
    ],
)
def test_a_value_names_one_class_or_says_why_not(value: object, reading: object) -> None:
    assert read_label(value) == reading


def test_lists_within_lists_end() -> None:
    value: object = "x"
    for _ in range(5000):
        value = [value]
    assert isinstance(read_label(value), str)


def test_joined_labels_are_several_where_their_parts_occur() -> None:
    assert joined(["a", "b", "a#b", "c|a", "c"]) == {"a#b", "c|a"}
    assert joined(["a, b", "c", "sales, marketing"]) == frozenset()
    assert joined(["x|y", "y|z", "x|z"]) == {"x|y", "y|z", "x|z"}


def test_words_for_nothing_are_no_classes_but_a_minus_beside_a_plus_is() -> None:
    assert words_for_nothing({"nan", "N/A", "-", "spam"}) == {"nan", "N/A", "-"}
    assert words_for_nothing({"+", "-"}) == frozenset()
    words = {"N.A.", "(blank)", "<NULL>", "NaT", "undefined", "unlabeled", "???", "…", "#REF!", "k.A."}
    assert words_for_nothing(words | {"spam", "none", "0", "*", "empty"}) == words


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Billing", "billing"),
        ("caf\u00e9", "cafe\u0301"),
        ("yes.", "yes"),
        ("1", "1.0"),
        ("TRUE", "true"),
        ("a_b", "a b"),
        ("e-mail", "email"),
        ("1", "01"),
    ],
)
def test_spellings_of_one_class_are_found(first: str, second: str) -> None:
    found = find_spellings({first: 3, second: 1, "other": 2})
    assert found.same(first, second)
    assert found.usual(second) == first
    assert not found.same(first, "other")
    assert "--merge-spellings" in found.sentences(merged=False)[0]


def test_numbers_with_other_signs_are_no_spellings() -> None:
    assert not find_spellings({"1": 1, "-1": 1, "10": 1, "1.5": 1, "1-2": 1, "12": 1, "0": 1})


def entries(**columns: list[object]) -> list[FileEntry]:
    rows = zip(*columns.values(), strict=True)
    return [
        FileEntry(f"line {n}", dict(zip(columns, row, strict=True))) for n, row in enumerate(rows, start=2)
    ]


def test_verdicts_leave_rows_out_and_other_words_leave_the_column_alone() -> None:
    rows = entries(answer=["accept", "reject", "ignore"], label=["x", "y", "z"])
    dropped, notes = dropped_rows(rows, frozenset({"label"}))
    assert dropped == {1: "'answer' says reject", 2: "'answer' says ignore"}
    assert notes == ()
    rows = entries(status=["completed", "discarded", "shipped"], label=["x", "y", "z"])
    dropped, notes = dropped_rows(rows, frozenset({"label"}))
    assert dropped == {}
    assert "'shipped'" in notes[0]
    assert dropped_rows(rows, frozenset({"status"})) == ({}, ())


@pytest.mark.parametrize(
    ("name", "words", "dropped"),
    [
        ("AssignmentStatus", ["Approved", "Rejected", "Approved"], [1]),
        ("Review decision", ["ACCEPT", "ACCEPT", "REJECT"], [2]),
        ("is_valid", ["True", "False", "True"], [1]),
        ("approved", ["no", "yes", ""], [0]),
        ("valid", ["no", "no", "no"], []),  # nothing says that it is a flag of the label
        ("verdict", ["correct", "wrong", "correct"], [1]),
    ],
)
def test_verdicts_are_known_by_what_they_say(name: str, words: list[str], dropped: list[int]) -> None:
    found, notes = dropped_rows(entries(**{name: words}, label=["x", "y", "z"]), frozenset({"label"}))
    assert (sorted(found), notes) == (dropped, ())


def test_a_verdict_in_another_language_is_asked_about() -> None:
    rows = entries(status=["odrzucone", "przyjęte", "przyjęte"], label=["x", "y", "z"])
    dropped, notes = dropped_rows(rows, frozenset({"label"}))
    assert dropped == {}
    assert "'odrzucone', 'przyjęte'. If it is one, filter it first" in notes[0]


def test_several_possible_label_columns_are_asked_about() -> None:
    rows = entries(category=["a", "b"] * 4, sentiment=["x", "y"] * 4, text=["t"] * 8)
    with pytest.raises(BadFile, match="several columns could hold the label: 'category', 'sentiment'"):
        choose(rows, Columns())
    assert choose(rows, Columns(label="sentiment")).labels == ("sentiment",)


def test_a_column_for_each_person_is_a_label_of_each() -> None:
    rows = entries(text=list("abcd"), annotator_1=["x", "y"] * 2, annotator_2=["x", "y"] * 2)
    assert choose(rows, Columns()).labels == ("annotator_1", "annotator_2")


@pytest.mark.parametrize(
    ("values", "word"),
    [
        (["train/cats/cat.1.jpg", "train/dogs/dog.2.jpg"], "names of files"),
        (["IMG_0000.JPG", "my photo 2.png"], "names of files"),
        (["http://x/1", "s3://b/k"], "addresses"),
        (["/data/upload/1", "/data/upload/2"], "addresses"),
        (["a/b", "c/d"], "paths"),
        (["3f2a9c00aa11", "0123456789ab"], "keys"),
        (["IMG_0001", "IMG_0002"], "keys"),
        (["the cat sat", "see a.jpg for it"], None),
        (["good", "bad"], None),
        (["data:image/png;base64,AAAA"] * 2, None),
    ],
)
def test_names_are_told_from_text(values: list[str], word: str | None) -> None:
    assert what_they_name(values) == word


def test_the_reasons_are_those_of_the_service() -> None:
    assert {each.status for each in NoClass} == {
        LabelStatus.EMPTY,
        LabelStatus.SEVERAL,
        LabelStatus.UNREADABLE,
    }
