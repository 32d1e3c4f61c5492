"""`evaluate` on arrays as people have them: lists, tables with named columns, Parquet; classes by name."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.unit.cli.offline.conftest import csv_of
from workers.cli.offline.errors import BadFile
from workers.cli.offline.flagged import flagged_rows
from workers.cli.offline.measuring import Measured, measure

NAMES = ("cat", "dog", "fox")
PROBS = np.full((30, 3), 0.05)
TRUE = np.arange(30) % 3
PROBS[np.arange(30), TRUE] = 0.9
GIVEN = TRUE.copy()
GIVEN[4] = 2  # a dog that is called a fox
TURNED = [2, 0, 1]  # the columns in another order

Write = Callable[[Path], Any]


def judged(folder: Path, labels: str, probs: str, truth: str | None = None) -> Measured:
    true = None if truth is None else folder / truth
    paths = (folder / labels, folder / probs)
    return measure(*paths, truth=true, votes=None, answers=None, method="predicted_neq_given", at=[1])


def put(path: Path, rows: list[list[Any]], delimiter: str = ",") -> None:
    path.write_text(csv_of(rows, delimiter), encoding="utf-8")


def words() -> list[str]:
    return [NAMES[k] for k in GIVEN]


def named(order: list[int], prefix: str = "") -> list[list[Any]]:
    return [[prefix + NAMES[k] for k in order], *([row[k] for k in order] for row in PROBS.tolist())]


def spaced(path: Path) -> None:
    stream = io.StringIO()
    np.savetxt(stream, PROBS)
    path.write_text(stream.getvalue(), encoding="utf-8")


NUMBERS: dict[str, Write] = {
    "probs.json": lambda path: path.write_text(json.dumps(PROBS.tolist())),
    "wrapped.json": lambda path: path.write_text(json.dumps({"probs": PROBS.tolist()})),
    "plain.csv": lambda path: put(path, PROBS.tolist()),
    "comma.csv": lambda path: put(
        path, [[str(cell).replace(".", ",") for cell in row] for row in PROBS.tolist()], ";"
    ),
    "spaces.txt": spaced,
    "numbered.csv": lambda path: put(path, [TURNED, *PROBS[:, TURNED].tolist()]),
    "cells.csv": lambda path: put(path, [["id", "probs"], *([n, str(row)] for n, row in enumerate(PROBS))]),
    "lists.parquet": lambda path: pq.write_table(pa.table({"probs": PROBS.tolist()}), path),
    "probs.npy": lambda path: np.save(path, PROBS),
}
NAMED: dict[str, Write] = {
    "named.csv": lambda path: put(path, named([0, 1, 2])),
    "turned.csv": lambda path: put(path, named(TURNED)),
    "prefix.tsv": lambda path: put(path, named(TURNED, "prob_"), "\t"),
    "index.csv": lambda path: put(path, [["", *row] for row in named(TURNED)]),
    "objects.jsonl": lambda path: path.write_text(
        "".join(json.dumps({"probs": dict(zip(NAMES, row, strict=True))}) + "\n" for row in PROBS.tolist())
    ),
    "columns.parquet": lambda path: pq.write_table(
        pa.table({NAMES[k]: PROBS[:, k].astype(np.float16) for k in TURNED}), path
    ),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_lists_and_tables_of_numbers_are_arrays(tmp_path: Path, name: str) -> None:
    NUMBERS[name](tmp_path / name)
    (tmp_path / "labels.json").write_text(json.dumps(GIVEN.tolist()))
    (row,) = flagged_rows(judged(tmp_path, "labels.json", name))
    assert (row.row, row.given, row.suggested) == (4, 2, 1)


@pytest.mark.parametrize("name", NAMED)
def test_classes_by_name_find_their_columns_in_any_order(tmp_path: Path, name: str) -> None:
    NAMED[name](tmp_path / name)
    put(tmp_path / "labels.csv", [["id", "label"], *([n, word] for n, word in enumerate(words()))])
    (tmp_path / "truth.json").write_text(json.dumps([NAMES[k] for k in TRUE]))
    found = judged(tmp_path, "labels.csv", name, "truth.json")
    (row,) = flagged_rows(found)
    assert (row.row, row.given, row.suggested) == (4, "fox", "dog")
    assert found.truth is not None
    assert (found.truth.n_wrong, found.truth.precision) == (1, 1.0)


def test_one_table_may_hold_both(tmp_path: Path) -> None:
    header, *rows = named(TURNED)
    put(
        tmp_path / "all.csv",
        [["label", *header], *([word, *row] for word, row in zip(words(), rows, strict=True))],
    )
    assert [row.row for row in flagged_rows(judged(tmp_path, "all.csv", "all.csv"))] == [4]


def test_class_numbers_under_names_say_the_order(tmp_path: Path) -> None:
    NAMED["named.csv"](tmp_path / "named.csv")
    (tmp_path / "labels.txt").write_text("\n".join(map(str, GIVEN)))
    found = judged(tmp_path, "labels.txt", "named.csv")
    assert found.label_issues.warnings[0] == (
        "Class numbers are taken in the order of the columns: cat, dog, fox."
    )


@pytest.mark.parametrize(
    ("labels", "probs", "words"),
    [
        ([*words()[:4], "wolf", *words()[5:]], None, "--labels, row 4: 'wolf' is none of the columns"),
        ([*words()[:4], "", *words()[5:]], None, "--labels, row 4: it is ''"),
        (words()[:9], None, "--labels: has 9 entries for 30 rows"),
        (words(), PROBS.tolist(), "--labels: it holds text"),
        (GIVEN.tolist(), [*PROBS.tolist()[:5], [0.5, 0.5]], "--probs, row 5: it is"),
        (GIVEN.tolist(), [*PROBS.tolist()[:5], [0.5, "high", 0.5]], "--probs, row 5: column 1 is 'high'"),
        (GIVEN.tolist(), (100 * PROBS).tolist(), "--probs, row 0: sums to 100"),
        (GIVEN.tolist(), np.log(PROBS).tolist(), "--probs, row 0: holds a negative probability"),
        (GIVEN.tolist(), {"a": [1.0], "b": [0.5, 0.5]}, "--probs: its lists are of different lengths"),
    ],
)
def test_what_is_wrong_is_named_with_its_row(tmp_path: Path, labels: Any, probs: Any, words: str) -> None:
    (tmp_path / "labels.json").write_text(json.dumps(labels))
    name = "named.csv" if probs is None else "probs.json"
    if probs is None:
        NAMED[name](tmp_path / name)
    else:
        (tmp_path / name).write_text(json.dumps(probs))
    with pytest.raises(BadFile) as caught:
        judged(tmp_path, "labels.json", name)
    assert words in str(caught.value)
