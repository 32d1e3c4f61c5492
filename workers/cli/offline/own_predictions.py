"""Predictions of one's own for the items of a file: classes with their probabilities, or numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connector.platforms.results import finite
from connector.wording import number_of
from workers.cli.offline.arrays import load_array
from workers.cli.offline.columns import IDS
from workers.cli.offline.dataset import Dataset
from workers.cli.offline.errors import BadFile
from workers.cli.offline.formats.entries import FileEntry
from workers.cli.offline.formats.source import load
from workers.cli.offline.kinds import FileKind
from workers.cli.offline.reading import entries_of
from workers.label_types.rating.value import EXPECTED

ARGUMENT = "--predictions"
IN_FILE = "the predictions in the file"
MOSTLY = 0.5  # of the items, that have a prediction, from which the file's own judge
SCORES = ("scores", "class_scores", "probabilities", "pred_probs", "probs")  # an object of classes
NUMBERS = ("prediction", "predicted", "expected", "value", "score")  # a number


@dataclass(frozen=True, slots=True)
class OwnPredictions:
    """`values` (N, K) for N records, NaN where `known` (N bool) is false; `notes` say what was not used."""

    values: NDArray[np.float64]
    known: NDArray[np.bool_]
    notes: tuple[str, ...] = ()


def own_scores(path: Path, data: Dataset) -> OwnPredictions:
    """The probability of each of the file's classes, item by item."""
    return _within(_read(path, data, data.classes), data)


def _within(predictions: OwnPredictions, data: Dataset) -> OwnPredictions:
    outside = predictions.known & ((predictions.values < 0) | (predictions.values > 1)).any(axis=1)
    if outside.any():
        row = int(np.argmax(outside))
        worst = predictions.values[row][(predictions.values[row] < 0) | (predictions.values[row] > 1)][0]
        where = f"item {data.records[row].id}"
        remedy = "Give a probability from 0 to 1 for each class"
        raise BadFile(f"it is {worst:g}", argument=ARGUMENT, where=where, remedy=remedy)
    return predictions


def own_numbers(path: Path, data: Dataset) -> OwnPredictions:
    """The number that is expected of each item: (N, 1)."""
    return _read(path, data, ())


def scores_in_file(data: Dataset) -> OwnPredictions | None:
    """The file's own predictions of sets or numbers; None unless most items have one."""
    names = data.classes if data.kind is FileKind.MULTI_LABEL else (EXPECTED,)
    values = np.full((len(data.records), len(names)), np.nan)
    for row, record in enumerate(data.records):
        if record.scores is not None:
            values[row] = [record.scores.get(name, np.nan) for name in names]
    result = _known(values)
    if result.known.sum() < MOSTLY * len(data.records):
        return None
    return _within(result, data) if data.kind is FileKind.MULTI_LABEL else result


def _read(path: Path, data: Dataset, classes: Sequence[str]) -> OwnPredictions:
    """With `classes` a number for each of them, without a single one."""
    if path.suffix.lower() == ".npy":
        return _of_array(load_array(path, ARGUMENT), data, classes)
    rows = entries_of(load(path, argument=ARGUMENT)).rows
    number = {record.id: row for row, record in enumerate(data.records)}
    values = np.full((len(data.records), max(len(classes), 1)), np.nan)
    unknown = 0
    seen: set[str] = set()
    for entry in rows:
        name = _id_of(entry)
        if name in seen:
            raise BadFile(
                f"id {name} occurs twice", argument=ARGUMENT, where=entry.place, remedy="Give one row an item"
            )
        seen.add(name)
        if name in number:
            values[number[name]] = _values(entry, classes)
        else:
            unknown += 1
    if unknown == len(rows):
        raise BadFile(
            f"none of its {unknown:,} ids is one of the file's",
            argument=ARGUMENT,
            remedy="Give the ids that the file has in 'id'",
        )
    notes = (
        (
            (
                f"{number_of(unknown, 'prediction is of an item', 'predictions are of items')} that "
                "the file does not have."
            ),
        )
        if unknown
        else ()
    )
    return _known(values, notes)


def _known(values: NDArray[np.float64], notes: tuple[str, ...] = ()) -> OwnPredictions:
    known: NDArray[np.bool_] = np.asarray(np.isfinite(values).all(axis=1))
    return OwnPredictions(values, known, notes)


def _of_array(array: NDArray[Any], data: Dataset, classes: Sequence[str]) -> OwnPredictions:
    shape = (len(data.records), len(classes)) if classes else (len(data.records),)
    if array.shape != shape or array.dtype.kind not in "fiu":
        columns = f", columns in the order {', '.join(classes)}" if classes else ""
        raise BadFile(
            f"it is {array.shape} of {array.dtype}, and the file's judged items need {shape}",
            argument=ARGUMENT,
            remedy=f"Save a number for each{columns}; or give rows with 'id' (JSONL, CSV, Parquet)",
        )
    return _known(np.asarray(array, dtype=np.float64).reshape(len(data.records), -1))


def _id_of(entry: FileEntry) -> str:
    result = next((entry.values[name] for name in IDS if entry.values.get(name) not in (None, "")), None)
    if result is None:
        raise BadFile(
            "it has no 'id'", argument=ARGUMENT, where=entry.place, remedy="Give the item's id in each row"
        )
    return str(result)


def _values(entry: FileEntry, classes: Sequence[str]) -> list[float]:
    if not classes:
        result = next((entry.values[name] for name in NUMBERS if name in entry.values), None)
        return [_number(result, entry, NUMBERS[0])]
    held = next((entry.values[key] for key in SCORES if isinstance(entry.values.get(key), Mapping)), None)
    scores: Mapping[str, Any] = entry.values if held is None else held
    return [_number(scores.get(name), entry, name) for name in classes]


def _number(value: Any, entry: FileEntry, name: str) -> float:
    """NaN where nothing is given; BadFile for what is no number."""
    if value in (None, ""):
        return float("nan")
    try:
        result = finite(float(value) if isinstance(value, str) else value)
    except ValueError:
        result = None
    if result is None:
        problem = f"'{name}' is {value!r}, no number"
        raise BadFile(problem, argument=ARGUMENT, where=entry.place, remedy="Give numbers")
    return result
