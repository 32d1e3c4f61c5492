"""Of which class each row is confident: the one that reaches its cutoff, or the predicted one of several."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from workers.issues.arrays import COLUMNWISE_CLASSES, NO_CLASS, Classes, Mask, Probabilities, Rows, block_rows
from workers.issues.row_source import RowSource
from workers.issues.spreading import THREADS, spread


def confident_classes(
    source: RowSource,
    predicted: Classes,
    top: Probabilities,
    cutoffs: Probabilities,
    *,
    threads: int = THREADS,
) -> Classes:
    """(N,): the class of which each row is confident, or `NO_CLASS`.

    `predicted` is each row's most probable class and `top` its probability; only the few rows of which these
    do not tell are read.
    """
    confident = np.empty_like(predicted)

    def work(part: slice) -> None:
        def rows_of(rows: Rows) -> Probabilities:
            matrix, places = source.among(rows + part.start)
            return matrix[places]

        settle(top[part], cutoffs, predicted[part], confident[part], rows_of)

    spread(lambda: work, source.parts(block_rows(source)), threads)
    return confident


def settle(
    top: Probabilities,
    cutoffs: Probabilities,
    predicted: Classes,
    confident: Classes,
    rows_of: Callable[[Rows], Probabilities],
) -> None:
    """Write the class of which each row of a block is confident.

    Where the most probable class reaches its cutoff, that is the answer, and a row whose highest value is
    below all cutoffs has none. Of the others the values are needed, which `rows_of` gives.
    """
    sure = top >= cutoffs[predicted]
    confident[:] = np.where(sure, predicted, predicted.dtype.type(NO_CLASS))
    rows = np.flatnonzero(~sure & (top >= cutoffs.min()))
    if rows.size:
        few = len(cutoffs) <= COLUMNWISE_CLASSES
        confident[rows] = (_by_columns if few else _by_entries)(rows_of(rows), cutoffs, predicted[rows])


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
