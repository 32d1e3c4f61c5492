from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from workers.detect.predictions.errors import NoPredictions
from workers.detect.predictions.uploaded import read_uploaded

CLASSES = ("cat", "dog")
PROBS = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]], dtype=np.float32)


def save_npy(folder: Path, probs: Any = PROBS, ids: Any = (11, 12, 13)) -> Path:
    np.save(folder / "p.npy", probs)
    np.save(folder / "p.ids.npy", np.asarray(ids))
    return folder / "p.npy"


def save_parquet(folder: Path, **columns: Any) -> Path:
    parquet.write_table(pa.table(columns), folder / "p.parquet")
    return folder / "p.parquet"


def test_npy_rows_come_in_the_order_wanted(tmp_path: Path) -> None:
    read = read_uploaded(save_npy(tmp_path), ["13", "99", "11"], CLASSES)
    assert read.probs.tolist() == PROBS[[2, 0]].tolist()
    assert read.probs.dtype == np.float32
    assert read.rows.tolist() == [0, 2]
    assert (read.missing, read.unused) == (1, 1)


def test_ids_may_be_text_and_lie_elsewhere(tmp_path: Path) -> None:
    path = save_npy(tmp_path)
    np.save(tmp_path / "names.npy", np.array(["a", "b", "c"]))
    read = read_uploaded(path, ["b"], CLASSES, ids_path=tmp_path / "names.npy")
    assert read.probs.tolist() == PROBS[[1]].tolist()


def test_parquet_columns_may_stand_in_any_order(tmp_path: Path) -> None:
    path = save_parquet(tmp_path, dog=[0.1, 0.8], task_id=["7", "8"], cat=[0.9, 0.2])
    assert read_uploaded(path, ["8", "7"], CLASSES).probs.tolist() == [[0.2, 0.8], [0.9, 0.1]]


@pytest.mark.parametrize(
    ("probs", "ids", "message"),
    [
        (PROBS[:, :1], (1, 2, 3), "1 columns for 2 classes"),
        (PROBS[0], (1, 2), r"holds \(2,\)"),
        (PROBS.astype(int), (1, 2, 3), "int64"),
        (PROBS, (1, 2), "for 3 rows"),
        (PROBS, (1.0, 2.0, 3.0), "float64"),
        (PROBS, (1, 2, 1), "the id 1 in rows 0 and 2"),
        (PROBS, (21, 22, 23), "none of the 3 wanted"),
    ],
)
def test_npy_files_that_do_not_fit_are_refused(tmp_path: Path, probs: Any, ids: Any, message: str) -> None:
    with pytest.raises(NoPredictions, match=message):
        read_uploaded(save_npy(tmp_path, probs, ids), ["1", "2", "3"], CLASSES)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"cat": [0.1], "dog": [0.9]}, "no column 'task_id'"),
        ({"task_id": ["1"], "cat": [0.1]}, "differ from the labelling config: dog"),
        ({"task_id": ["1"], "cat": [0.1], "dog": [0.8], "cow": [0.1]}, "cow"),
        ({"task_id": ["1"], "cat": ["x"], "dog": [0.8]}, "column 'cat' has type object"),
        ({"task_id": ["1", "1"], "cat": [0.1, 0.2], "dog": [0.9, 0.8]}, "the id 1 in rows 0 and 1"),
    ],
)
def test_parquet_files_that_do_not_fit_are_refused(tmp_path: Path, columns: Any, message: str) -> None:
    with pytest.raises(NoPredictions, match=message):
        read_uploaded(save_parquet(tmp_path, **columns), ["1"], CLASSES)


@pytest.mark.parametrize("name", ["p.npy", "p.parquet"])
def test_a_file_that_is_missing_cut_short_or_something_else_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with pytest.raises(NoPredictions, match=rf"{name} does not exist"):
        read_uploaded(path, ["1"], CLASSES)
    path.write_bytes(b"nonsense")
    with pytest.raises(NoPredictions, match=rf"{name} cannot be read"):
        read_uploaded(path, ["1"], CLASSES)
    whole = (
        save_npy(tmp_path) if name == "p.npy" else save_parquet(tmp_path, task_id=["1"], cat=[0.1], dog=[0.9])
    )
    path.write_bytes(whole.read_bytes()[:-8])
    with pytest.raises(NoPredictions, match=rf"{name} cannot be read"):
        read_uploaded(path, ["1"], CLASSES)


def test_pickled_objects_are_not_loaded(tmp_path: Path) -> None:
    np.save(tmp_path / "p.npy", np.array([{"a": 1}], dtype=object))
    with pytest.raises(NoPredictions, match="cannot be read"):
        read_uploaded(tmp_path / "p.npy", ["1"], CLASSES)


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoPredictions, match=r"ending '\.csv'"):
        read_uploaded(tmp_path / "p.csv", ["1"], CLASSES)


def test_a_small_parquet_file_that_stands_for_terabytes_is_refused(tmp_path: Path) -> None:
    rows = pa.array(np.zeros(20_000, dtype=np.int32))
    ids = pa.DictionaryArray.from_arrays(rows, pa.array(["x" * 200_000]))  # 4 GB of text
    path = save_parquet(tmp_path, task_id=ids, cat=np.zeros(20_000), dog=np.ones(20_000))
    assert path.stat().st_size < 100_000

    with pytest.raises(NoPredictions, match="stand for more than"):
        read_uploaded(path, ["1"], CLASSES)
