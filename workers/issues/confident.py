"""Of which class each row is confident: the one that reaches its cutoff, or the predicted one of several."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from workers.issues.arrays import (
    CHUNK,
    COLUMNWISE_CLASSES,
    NO_CLASS,
    Classes,
    Mask,
    Probabilities,
    Rows,
    block_rows,
)
from workers.issues.row_source import RowSource
from workers.issues.spreading import THREADS, in_order, slices, spread


def confident_classes(
    source: RowSource,
    predicted: Classes,
    top: Callable[[slice], Probabilities],
    cutoffs: Probabilities,
    *,
    threads: int = THREADS,
) -> Classes:
    """(N,): the class of which each row is confident, or `NO_CLASS`.

    `predicted` is each row's most probable class, and `top` gives its probability for the rows of a part;
    only rows of which these do not tell are read.
    """
    confident = np.empty_like(predicted)
    unsettled: dict[int, Rows] = {}

    def by_top(part: slice) -> None:
        unsettled[part.start] = part.start + settle(top(part), cutoffs, predicted[part], confident[part])

    def by_values(part: slice) -> None:
        confident[rows[part]] = class_of(source.gather(rows[part]), cutoffs, predicted[rows[part]])

    spread(lambda: by_top, slices(len(predicted), CHUNK), threads)
    rows = np.concatenate(in_order(unsettled))
    spread(lambda: by_values, slices(len(rows), block_rows(source)), threads)
    return confident


def settle(top: Probabilities, cutoffs: Probabilities, predicted: Classes, confident: Classes) -> Rows:
    """Write the class of which each row is confident, where its highest value tells; the other rows.

    Where the most probable class reaches its cutoff, that is the answer, and a row whose highest value is
    below all cutoffs has none.
    """
    sure = top >= cutoffs.take(predicted)
    none = predicted.dtype.type(NO_CLASS)
    confident[:] = (predicted - none) * sure + none  # a tenth of what `where` takes
    return np.flatnonzero(~sure & (top >= cutoffs.min()))


def class_of(values: Probabilities, cutoffs: Probabilities, predicted: Classes) -> Classes:
    """(R,): the class of which each row of `values` (R, K) is confident."""
    return (_by_columns if len(cutoffs) <= COLUMNWISE_CLASSES else _by_entries)(values, cutoffs, predicted)


def _by_columns(values: Probabilities, cutoffs: Probabilities, predicted: Classes) -> Classes:
    """For few classes."""
    hits = np.greater_equal(values.T, cutoffs[:, None], order="C").view(np.int8)
    several = np.add.reduce(hits, axis=0, dtype=np.int8) > 1
    hits *= np.arange(1, len(cutoffs) + 1, dtype=np.int8)[:, None]
    classes: Classes = np.maximum.reduce(hits, axis=0) + np.int8(NO_CLASS)
    return np.where(several, predicted, classes)


def _by_entries(values: Probabilities, cutoffs: Probabilities, predicted: Classes) -> Classes:
    """For many classes, where entries that reach their cutoffs are few, so that they are listed."""
    hits: Mask = values >= cutoffs
    row, column = np.divmod(np.flatnonzero(hits), hits.shape[1])
    count = np.bincount(row, minlength=len(values))
    classes = np.where(count > 1, predicted, predicted.dtype.type(NO_CLASS))
    alone = count[row] == 1
    classes[row[alone]] = column[alone]
    return classes
