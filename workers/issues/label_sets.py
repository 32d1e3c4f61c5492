"""Labels of which an item may carry several, or none, as a table of items and classes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workers.issues.arrays import Mask, Rows
from workers.issues.validation import InvalidInput

LabelSets = ArrayLike | Sequence[Iterable[int]]

AS_TABLE = "Give numpy.array(labels, dtype=bool), with a column for each class, if they are 0 and 1 by class"


def label_table(labels: LabelSets, n_rows: int, n_classes: int) -> Mask:
    """(N, K) bool: which item carries which class.

    Parameters
    ----------
    labels
        Either a numpy array (N, K) of bool, or of integers 0 and 1, or N lists of class numbers 0..K-1.
        An array is never read as lists, nor lists as rows of 0 and 1.

    Raises
    ------
    InvalidInput
        For anything else, and for lists that may be meant as rows of 0 and 1.
    """
    if isinstance(labels, np.ndarray) and labels.dtype != object:
        return _of_array(labels, n_rows, n_classes)
    return _of_lists(labels, n_rows, n_classes)


def _of_array(labels: NDArray[Any], n_rows: int, n_classes: int) -> Mask:
    if labels.shape != (n_rows, n_classes):
        raise _refusal(
            f"has the shape {labels.shape} beside {(n_rows, n_classes)} of pred_probs",
            "Give one row per item and one column per class, or lists of class numbers",
        )
    if labels.dtype.kind == "b":
        return labels
    if labels.dtype.kind not in "iu":
        raise _refusal(f"has dtype {labels.dtype}", "Give bool, or integers 0 and 1")
    odd = np.flatnonzero(((labels != 0) & (labels != 1)).any(axis=1))
    if odd.size:
        raise _refusal(
            f"holds {labels[odd[0]].tolist()}, not 0 and 1 only",
            "Give class numbers as lists, an array as 0 and 1 by class",
            int(odd[0]),
        )
    return labels.astype(np.bool_)


def _of_lists(labels: Any, n_rows: int, n_classes: int) -> Mask:
    lists = _lists(labels)
    if len(lists) != n_rows:
        raise _refusal(
            f"has {len(lists)} entries for {n_rows} rows of pred_probs", "Give both for the same items"
        )
    if n_classes == 2 and all(len(classes) == 2 for classes in lists):
        raise _refusal("may be lists of classes or rows of 0 and 1: all are of length 2", AS_TABLE)
    flat = list(chain.from_iterable(lists))
    row = np.repeat(np.arange(n_rows), [len(classes) for classes in lists])
    label = _class_numbers(flat, row, n_classes)
    table = np.zeros((n_rows, n_classes), dtype=np.bool_)
    table[row, label] = True
    if np.count_nonzero(table) < len(label):
        cell, times = np.unique(row * n_classes + label, return_counts=True)
        at, twice = divmod(int(cell[times > 1][0]), n_classes)
        raise _refusal(f"names class {twice} twice", AS_TABLE, at)
    return table


def _class_numbers(flat: list[Any], row: Rows, n_classes: int) -> Rows:
    """The entries as class numbers; types are looked at once for all, as there are few."""
    numeric = {
        kind for kind in set(map(type, flat)) if issubclass(kind, int | np.integer) and kind is not bool
    }
    for at, value in enumerate(flat):
        if type(value) not in numeric:
            raise _refusal(f"holds {value!r}, no class number", AS_TABLE, int(row[at]))
        if not 0 <= value < n_classes:
            remedy = "Number the classes as the columns of pred_probs"
            raise _refusal(f"holds {value}, outside 0..{n_classes - 1}", remedy, int(row[at]))
    return np.array(flat, dtype=np.intp)


def _lists(labels: Any) -> list[list[Any]]:
    try:
        return [list(classes) for classes in labels]
    except TypeError as error:
        raise _refusal(
            "holds an entry that is no list", "Give a list of class numbers for each item"
        ) from error


def _refusal(problem: str, remedy: str, row: int | None = None) -> InvalidInput:
    return InvalidInput(problem, argument="labels", remedy=remedy, row=row)
