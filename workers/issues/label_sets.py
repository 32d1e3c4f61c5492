"""Labels of which an item may carry several, or none, as a table of items and classes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workers.issues.arrays import Mask
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
    table = np.zeros((n_rows, n_classes), dtype=np.bool_)
    for row, classes in enumerate(lists):
        for label in classes:
            if isinstance(label, bool | np.bool_) or not isinstance(label, int | np.integer):
                raise _refusal(f"holds {label!r}, no class number", AS_TABLE, row)
            if not 0 <= label < n_classes:
                remedy = "Number the classes as the columns of pred_probs"
                raise _refusal(f"holds {label}, outside 0..{n_classes - 1}", remedy, row)
            if table[row, label]:
                raise _refusal(f"names class {label} twice", AS_TABLE, row)
            table[row, label] = True
    return table


def _lists(labels: Any) -> list[list[Any]]:
    try:
        return [list(classes) for classes in labels]
    except TypeError as error:
        raise _refusal(
            "holds an entry that is no list", "Give a list of class numbers for each item"
        ) from error


def _refusal(problem: str, remedy: str, row: int | None = None) -> InvalidInput:
    return InvalidInput(problem, argument="labels", remedy=remedy, row=row)
