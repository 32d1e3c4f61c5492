"""Probabilities from a file: npy with the ids beside it, or parquet with a column per class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connector.errors import BadPayload
from workers.detect.predictions.errors import NoPredictions
from workers.detect.predictions.parquet import read_bounded

ID_COLUMN = "task_id"


@dataclass(frozen=True, slots=True)
class Uploaded:
    """Rows of probabilities for those wanted ids that the file has.

    `probs` (M, K) has the file's type and is read from it row by row as asked for; `rows` are the M
    positions in the list of wanted ids; `missing` counts the others, `unused` the file's rows for no
    wanted id.
    """

    probs: NDArray[np.floating[Any]]
    rows: NDArray[np.intp]
    missing: int
    unused: int


def read_uploaded(
    path: Path, wanted: Sequence[str], classes: Sequence[str], *, ids_path: Path | None = None
) -> Uploaded:
    """Read the probabilities of the wanted ids.

    Parameters
    ----------
    path
        A .npy file of (N, K) float32 or float64, memory-mapped, columns in the order of `classes`; or a
        .parquet file with the column `task_id` and one column per class, in any order.
    wanted
        Ids of the items, as text.
    classes
        The K class names of the labelling config.
    ids_path
        The (N,) ids that go with a .npy file; by default the same name ending in .ids.npy.

    Raises
    ------
    NoPredictions
        If a file is missing, unreadable or of another shape or type, names other classes, repeats an id,
        or has none of the wanted ids. Values are checked where they are used.
    """
    if path.suffix == ".npy":
        probs, ids = _from_npy(path, ids_path or path.with_suffix(".ids.npy"), len(classes))
    elif path.suffix == ".parquet":
        probs, ids = _from_parquet(path, classes)
    else:
        raise _bad(path, f"has the ending '{path.suffix}'", "Give a .npy or a .parquet file")
    return _aligned(path, probs, ids, wanted)


def _from_npy(
    path: Path, ids_path: Path, n_classes: int
) -> tuple[NDArray[np.floating[Any]], NDArray[np.str_]]:
    probs = _load(path)
    if probs.ndim != 2 or probs.dtype not in (np.float32, np.float64):
        raise _bad(
            path,
            f"holds {probs.shape} of {probs.dtype}",
            "Save an (items, classes) array of float32 or float64",
        )
    if probs.shape[1] != n_classes:
        raise _bad(
            path,
            f"has {probs.shape[1]} columns for {n_classes} classes",
            "Save one column per class, in the order of the labelling config",
        )
    ids = _load(ids_path)
    if ids.shape != (len(probs),) or ids.dtype.kind not in "iuU":
        raise _bad(
            ids_path,
            f"holds {ids.shape} of {ids.dtype} for {len(probs)} rows of probabilities",
            "Save one task id per row, as integers or text",
        )
    return probs, ids.astype(np.str_)


def _load(path: Path) -> NDArray[Any]:
    try:
        loaded: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError as error:
        raise _bad(path, "does not exist", "Save the file there, or correct the path") from error
    except (OSError, ValueError, EOFError) as error:
        raise _bad(path, f"cannot be read ({error})", "Save it again with numpy.save") from error
    return loaded


def _from_parquet(path: Path, classes: Sequence[str]) -> tuple[NDArray[np.floating[Any]], NDArray[np.str_]]:
    table = _read_table(path)
    if ID_COLUMN not in table.column_names:
        raise _bad(path, f"has no column '{ID_COLUMN}'", "Add the task ids under that name")
    named = [name for name in table.column_names if name != ID_COLUMN]
    if sorted(named) != sorted(classes):
        odd = sorted(set(named) ^ set(classes)) or sorted({name for name in named if named.count(name) > 1})
        raise _bad(
            path,
            f"its class columns differ from the labelling config: {', '.join(odd[:5])}",
            "Name one column after each class",
        )
    columns = [_column(path, table, name) for name in classes]
    ids = np.array([str(value) for value in table.column(ID_COLUMN).to_pylist()], dtype=np.str_)
    return np.column_stack(columns), ids


def _read_table(path: Path) -> Any:
    try:
        import pyarrow as pa
        import pyarrow.parquet
    except ModuleNotFoundError as error:
        remedy = "Install it with: pip install 'secondlook[parquet]', or give a .npy file"
        raise _bad(path, "needs pyarrow", remedy) from error
    try:
        return read_bounded(path, path.stat().st_size)
    except FileNotFoundError as error:
        raise _bad(path, "does not exist", "Save the file there, or correct the path") from error
    except (OSError, pa.ArrowException) as error:
        raise _bad(path, f"cannot be read ({error})", "Save it again as parquet") from error
    except BadPayload as error:
        raise _bad(path, f"is refused ({error})", "Save numbers that vary, or give a .npy file") from error


def _column(path: Path, table: Any, name: str) -> NDArray[np.floating[Any]]:
    column = table.column(name).to_numpy()
    if column.dtype not in (np.float32, np.float64):
        raise _bad(path, f"column '{name}' has type {column.dtype}", "Save float or double columns")
    return np.asarray(column)


def _aligned(
    path: Path, probs: NDArray[np.floating[Any]], ids: NDArray[np.str_], wanted: Sequence[str]
) -> Uploaded:
    row_of: dict[str, int] = {}
    for row, name in enumerate(ids.tolist()):
        if name in row_of:
            raise _bad(path, f"has the id {name} in rows {row_of[name]} and {row}", "Keep one row per task")
        row_of[name] = row
    result = [position for position, name in enumerate(wanted) if name in row_of]
    if not result:
        raise _bad(
            path, f"has none of the {len(wanted)} wanted task ids", "Save the ids of this project's tasks"
        )
    rows = np.array([row_of[wanted[position]] for position in result], dtype=np.intp)
    return Uploaded(
        probs=probs[rows],
        rows=np.array(result, dtype=np.intp),
        missing=len(wanted) - len(result),
        unused=len(ids) - len(result),
    )


def _bad(path: Path, problem: str, remedy: str) -> NoPredictions:
    return NoPredictions(f"{path.name} {problem}", field="predictions file", remedy=remedy)
