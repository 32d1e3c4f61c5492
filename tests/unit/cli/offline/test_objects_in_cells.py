"""Cells that hold more than a text: objects, sets, vectors, the answers of Labelbox."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from workers.cli.offline.dataset import Columns, Dataset
from workers.cli.offline.errors import BadFile
from workers.cli.offline.labels import NoClass, read_label
from workers.cli.offline.reading import read_file
from workers.cli.offline.vectors import numbers_of

ROWS = [(f"number {n} {'purr' if n % 2 else 'bark'}", "cat" if n % 2 else "dog") for n in range(8)]
LABELS = [label for _, label in ROWS]


def read(tmp_path: Path, objects: list[dict[str, Any]], **columns: Any) -> Dataset:
    file = tmp_path / "file.jsonl"
    file.write_text("".join(json.dumps(each) + "\n" for each in objects), encoding="utf-8")
    return read_file(file, Columns(**columns))


def labels(data: Dataset) -> list[str]:
    return [each.label for each in data.records]


@pytest.mark.parametrize("columns", [{}, {"label": "meta.label", "fields": ("body.text",)}])
def test_a_label_within_an_object_is_found_and_can_be_named(tmp_path: Path, columns: dict[str, Any]) -> None:
    nested = [
        {"id": n, "body": {"text": text}, "meta": {"label": label}} for n, (text, label) in enumerate(ROWS)
    ]
    data = read(tmp_path, nested, **columns)
    assert labels(data) == LABELS
    assert (data.label_name, data.fields) == ("meta.label", ("body.text",))


def test_an_object_that_is_the_label_stays_one(tmp_path: Path) -> None:
    data = read(tmp_path, [{"text": text, "label": {"id": 1, "name": label}} for text, label in ROWS])
    assert labels(data) == LABELS


def test_the_one_column_that_ends_as_a_label_does_is_taken_and_no_model_s(tmp_path: Path) -> None:
    rows = [{"Message": text, "Final Label": label, "Predicted Label": "cat"} for text, label in ROWS]
    assert read(tmp_path, rows).label_name == "Final Label"


@pytest.mark.parametrize("cell", ["('cat',)", "('cat', 'dog')"])
def test_a_tuple_in_a_cell_is_what_it_holds(cell: str) -> None:
    assert read_label(cell) == ("cat" if cell == "('cat',)" else NoClass.SEVERAL)


def test_dates_are_no_classes(tmp_path: Path) -> None:
    rows = [{"text": f"text {n} {n % 7}", "label": f"2024-01-{1 + n % 28:02}"} for n in range(60)]
    with pytest.raises(BadFile, match="holds dates"):
        read(tmp_path, rows)


@example([0.0, 0.0, 0.0, 0.0, 0.0, -10.125], 3)
@given(st.lists(st.integers(-8000, 8000).map(lambda n: n / 8), min_size=3, max_size=9), st.integers(0, 5))
def test_vectors_are_read_back_from_whatever_printed_them(values: list[float], form: int) -> None:
    printed = (
        str(values),
        json.dumps(values),
        str(np.array(values)),
        repr(np.array(values, dtype=np.float32)),
        str([np.float64(value) for value in values]),
        " ".join(map(repr, values)),
    )[form]
    np.testing.assert_allclose(numbers_of(printed) or [], values, rtol=1e-6)


@pytest.mark.parametrize(
    "text", ["", "[", "[2019] a year", "12 monkeys", "call 555", "(see)", "array(", "3 4"]
)
def test_text_is_no_vector(text: str) -> None:
    assert numbers_of(text) is None


def test_ids_of_words_stay_text(tmp_path: Path) -> None:
    rows = [
        {"text": " ".join(map(str, range(n, 2 * n + 3))), "label": label} for n, (_, label) in enumerate(ROWS)
    ]
    assert read(tmp_path, rows).records[3].data["text"] == "3 4 5 6 7 8"


def labelbox(text: str, *answers: tuple[str, str]) -> dict[str, Any]:
    found = [{"name": name, "radio_answer": {"name": answer, "value": answer}} for name, answer in answers]
    label = {"label_details": {"created_by": "ann"}, "annotations": {"objects": [], "classifications": found}}
    return {"data_row": {"id": text, "row_data": text}, "projects": {"p": {"name": "P", "labels": [label]}}}


def test_labelbox_s_one_question_is_the_label(tmp_path: Path) -> None:
    data = read(tmp_path, [labelbox(text, ("animal", label)) for text, label in ROWS])
    assert (data.label_name, data.fields, labels(data)) == ("animal", ("text",), LABELS)
    assert {each.annotator for each in data.records} == {"ann"}


def test_labelbox_s_several_questions_are_columns_of_which_one_is_named(tmp_path: Path) -> None:
    rows = [labelbox(text, ("animal", label), ("tone", "loud")) for text, label in ROWS]
    with pytest.raises(BadFile, match="'animal', 'tone'"):
        read(tmp_path, rows)
    assert labels(read(tmp_path, rows, label="animal")) == LABELS


def test_labelbox_s_older_table_names_the_answer_not_the_question(tmp_path: Path) -> None:
    rows = [
        {
            "ID": text,
            "Labeled Data": text,
            "Label": json.dumps({"classifications": [{"title": "animal", "answer": {"title": label}}]}),
        }
        for text, label in ROWS
    ]
    assert labels(read(tmp_path, rows)) == LABELS


@pytest.mark.parametrize("held", ["predictions", "drafts"])
def test_tasks_without_annotations_say_what_they_hold(tmp_path: Path, held: str) -> None:
    rows = [
        {"id": n, "data": {"text": text}, "annotations": [], held: [{"result": []}]}
        for n, (text, _) in enumerate(ROWS)
    ]
    with pytest.raises(BadFile, match=rf"of its 8 tasks none has an annotation \(8 have {held}\)"):
        read(tmp_path, rows)
