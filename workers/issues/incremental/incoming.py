"""What a change may bring: labels and predictions that fit the rows already there."""

from __future__ import annotations

from operator import index
from typing import SupportsIndex

import numpy as np
from numpy.typing import ArrayLike

from workers.issues.arrays import Classes, Probabilities, class_dtype
from workers.issues.reading import read_rows
from workers.issues.row_source import MatrixRows
from workers.issues.thresholds import given_probs
from workers.issues.validation import SILENT, SLACK, InvalidInput


def checked_values(probs: Probabilities) -> Probabilities:
    """The rows as they are, once their values are right; rows that exceed 1 by more than 1e-6 end there."""
    if read_rows(MatrixRows(probs)).highest > 1 + SLACK:
        over = (probs > 1 + SLACK).any(axis=1, keepdims=True)
        return np.where(over, np.minimum(probs, 1), probs)
    return probs


def checked_block(probs: ArrayLike, n_classes: int, dtype: np.dtype[np.floating]) -> Probabilities:
    """(M, K) probabilities of the state's type and width."""
    block = np.asarray(probs)
    if block.ndim != 2 or block.shape[1] != n_classes:
        raise InvalidInput(
            f"has shape {block.shape}", argument="probs", remedy=f"Give {n_classes} probabilities a row"
        )
    if block.dtype != dtype:
        raise InvalidInput(
            f"has dtype {block.dtype} in a state of {dtype}",
            argument="probs",
            remedy=f"Convert it to {dtype}",
        )
    try:
        return checked_values(block)
    except InvalidInput as refusal:
        raise InvalidInput(
            refusal.problem, argument="probs", remedy=refusal.remedy, row=refusal.row
        ) from refusal


def checked_classes(labels: ArrayLike, n_rows: int, n_classes: int) -> Classes:
    """(M,) class numbers within 0..K-1, in the compact type."""
    given = np.asarray(labels)
    if given.shape != (n_rows,) or (given.dtype.kind not in "iu" and given.size):
        raise InvalidInput(
            f"has dtype {given.dtype} and shape {given.shape}",
            argument="labels",
            remedy=f"Give {n_rows} integer(s), one for each row of probs",
        )
    outside = np.flatnonzero((given < 0) | (given >= n_classes))
    if outside.size:
        row = int(outside[0])
        raise InvalidInput(f"holds {given[row]}", argument="labels", remedy=_range(n_classes), row=row)
    return given.astype(class_dtype(n_classes))


def checked_class(label: SupportsIndex, n_classes: int) -> int:
    """One class number within 0..K-1."""
    number = whole(label, "label")
    if not 0 <= number < n_classes:
        raise InvalidInput(f"is {number}", argument="label", remedy=_range(n_classes))
    return number


def whole(value: SupportsIndex, argument: str) -> int:
    """The integer that it is."""
    try:
        return index(value)
    except TypeError as error:
        raise InvalidInput(f"is {value!r}", argument=argument, remedy="Give an integer") from error


def _range(n_classes: int) -> str:
    return f"Give classes of 0..{n_classes - 1}, as the columns of the probabilities are numbered"


def qualities_of(given: Classes, probs: Probabilities) -> Probabilities:
    """`quality_of` for (M,) classes and (M, K) rows."""
    sums = probs.sum(axis=1, dtype=np.float64)
    trust = given_probs(given, probs)
    off = np.flatnonzero(np.abs(sums - 1) > SILENT)
    trust[off] = trust[off] / sums[off]
    return np.clip(trust, 0, 1)


def quality_of(given: int, probs: Probabilities) -> float:
    """Self-confidence of one row, normalised where the row misses 1 by rounding, and within 0..1."""
    total = float(probs.sum(dtype=np.float64))
    trust = probs[given]
    if abs(total - 1) > SILENT:
        trust = probs.dtype.type(trust / total)
    return min(max(float(trust), 0.0), 1.0)
