"""What detection accepts: shapes, types and values, and how a refusal is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workers.issues.arrays import Classes, Mask, Probabilities, Rows, class_dtype

SLACK = 1e-6  # how far a single probability may lie outside 0..1 by rounding
SILENT = 1e-5  # a row's sum may miss 1 by this, unsaid: arithmetic in float32, files of six decimals
DTYPES = (np.float64, np.float32)
ROUNDED = 1e-3  # by this, whatever the numbers look like: half precision, a softmax cut short
DECIMALS = (2, 3, 4, 5, 6)  # by half a unit of the last decimal for each class, where rows carry so many


class InvalidInput(ValueError):
    """An argument cannot be used.

    `argument` names it, `row` is the first bad row where there is one, `remedy` says what to do.
    """

    def __init__(self, problem: str, *, argument: str, remedy: str, row: int | None = None) -> None:
        where = argument if row is None else f"{argument}, row {row}"
        super().__init__(f"{where}: {problem}. {remedy}")
        self.argument = argument
        self.problem = problem
        self.remedy = remedy
        self.row = row


@dataclass(frozen=True, slots=True)
class OffSums:
    """Rows whose probabilities miss a sum of 1 by more than arithmetic, and their sums."""

    rows: Rows
    sums: NDArray[np.float64]


def checked_probs(pred_probs: ArrayLike) -> Probabilities:
    """The matrix as it is, once its type and shape are right; values are checked while it is read."""
    probs = checked_matrix(pred_probs)
    if probs.shape[1] < 2:
        raise _probs(f"has {probs.shape[1]} column(s)", "A label can be wrong only among two or more classes")
    return probs


def checked_matrix(pred_probs: ArrayLike) -> Probabilities:
    """The matrix of floats as it is, of any number of columns."""
    probs = _array(pred_probs, "pred_probs")
    if probs.ndim != 2:
        raise _probs(
            f"has {probs.ndim} dimensions instead of 2", "Give one row per item, one column per class"
        )
    if probs.dtype not in DTYPES:
        raise _probs(f"has dtype {probs.dtype}", "Convert it to float32 or float64")
    if probs.shape[0] == 0:
        raise _probs("has no rows", "Give at least two items")
    return probs


def checked_labels(labels: ArrayLike, n_rows: int, n_classes: int) -> Classes:
    """The labels as compact class numbers, of two classes or more."""
    compact = compact_labels(labels, n_rows, n_classes)
    refuse_one_class(compact)
    return compact


def compact_labels(labels: ArrayLike, n_rows: int, n_classes: int) -> Classes:
    """The labels as compact class numbers."""
    given = _array(labels, "labels")
    if given.ndim != 1:
        raise _labels(f"has {given.ndim} dimensions instead of 1", "Give one class number per item")
    if given.dtype.kind not in "iu":
        raise _labels(f"has dtype {given.dtype}", "Give integers 0..K-1")
    if len(given) != n_rows:
        raise _labels(
            f"has {len(given)} entries for {n_rows} rows of pred_probs", "Give both for the same items"
        )
    _refuse_outside(given, n_classes)
    return given.astype(class_dtype(n_classes))


def refuse_one_class(given: Classes) -> None:
    """Raise unless two classes occur."""
    if given.min() == given.max():
        raise _labels(f"holds class {given[0]} only", "Give items of at least two classes")


def _array(values: ArrayLike, argument: str) -> NDArray[Any]:
    """numpy's own refusal of rows of different lengths names no argument."""
    try:
        return np.asarray(values)
    except ValueError as error:
        raise InvalidInput(
            "is no array of numbers", argument=argument, remedy="Give rows of equal length"
        ) from error


def _refuse_outside(given: NDArray[Any], n_classes: int) -> None:
    if given.min() >= 0 and given.max() < n_classes:
        return
    row = int(np.flatnonzero((given < 0) | (given >= n_classes))[0])
    raise _labels(
        f"holds {given[row]}, outside 0..{n_classes - 1}",
        "Number the classes as the columns of pred_probs",
        row,
    )


def refuse_row(block: Probabilities, suspects: Rows, lowest: float, first_row: int) -> None:
    """Raise for the first row of the block that is no distribution.

    `suspects` are rows whose sums are not clearly 1, or not a number; `lowest` is the block's least value.
    """
    if not lowest >= -SLACK:
        suspects = np.union1d(suspects, np.flatnonzero((block < -SLACK).any(axis=1)))
    picked = block.take(suspects, axis=0)
    rows = picked.astype(np.float64)
    finite: Mask = np.asarray(np.isfinite(rows).all(axis=1))
    negative: Mask = np.asarray((rows < -SLACK).any(axis=1))
    with np.errstate(invalid="ignore"):
        sums = rows.sum(axis=1)
    bad = np.flatnonzero(~finite | negative | ~_within_rounding(picked, sums))
    if bad.size == 0:
        return
    row = first_row + int(suspects[bad[0]])
    if not finite[bad[0]] or negative[bad[0]]:
        _refuse_value(row, finite=bool(finite[bad[0]]))
    raise _probs(
        f"sums to {sums[bad[0]]:.6g} instead of 1",
        "Give the probabilities of all classes, normalised",
        row,
    )


def refuse_values(block: Probabilities, first_row: int) -> None:
    """Raise for the first row of the block that holds NaN, infinity or a negative probability."""
    finite: Mask = np.asarray(np.isfinite(block).all(axis=1))
    negative: Mask = np.asarray((block < -SLACK).any(axis=1))
    bad = np.flatnonzero(~finite | negative)
    if bad.size:
        _refuse_value(first_row + int(bad[0]), finite=bool(finite[bad[0]]))


def _refuse_value(row: int, *, finite: bool) -> None:
    if finite:
        raise _probs("holds a negative probability", "Give probabilities, not scores or logits", row)
    raise _probs("holds NaN or infinity", "Leave the item out, or predict it again", row)


def _within_rounding(block: Probabilities, sums: NDArray[np.float64]) -> Mask:
    """Which rows miss a sum of 1 by no more than the rounding of their own decimals.

    A number kept with d decimals is off by at most half a unit of the last one, so a row of K of them by
    at most K/2 units. Rows of a single decimal are not excused: there a wrong row looks the same.
    """
    with np.errstate(invalid="ignore"):  # rows that are not finite are never fine
        miss = np.abs(sums - 1.0)
        fine = miss <= ROUNDED
        if fine.all():
            return fine
        for decimals in DECIMALS:
            unit = 10.0**-decimals
            rounded = (np.abs(block - np.round(block, decimals)) <= SLACK).all(axis=1)
            fine |= rounded & (miss < block.shape[1] / 2 * unit) & (sums > 0.5)
    return fine


def _probs(problem: str, remedy: str, row: int | None = None) -> InvalidInput:
    return InvalidInput(problem, argument="pred_probs", remedy=remedy, row=row)


def _labels(problem: str, remedy: str, row: int | None = None) -> InvalidInput:
    return InvalidInput(problem, argument="labels", remedy=remedy, row=row)
