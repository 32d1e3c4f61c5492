"""One pass over the matrix: what each row predicts, of which class it is confident, whether it is valid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.issues.arrays import Classes, Mask, Probabilities, Rows, block_rows, class_dtype
from workers.issues.compiled import Loops, Reader
from workers.issues.disagreement import loses
from workers.issues.spreading import THREADS, slices, spread
from workers.issues.validation import SILENT, OffSums, refuse_row

NO_CLASS = -1  # a row that is confident of no class
COLUMNWISE_CLASSES = 48  # up to here a transposed block, worked on by columns, beats numpy's row reductions


@dataclass(frozen=True, slots=True)
class RowFacts:
    """What one pass finds.

    `confident` is empty where no cutoffs were given. `trust`, the probabilities of the given labels, and
    `disagreeing`, the rows whose given label does not win even with 1e-6 added to its probability, are
    empty where no labels were given.
    """

    predicted: Classes
    confident: Classes
    trust: Probabilities
    disagreeing: Mask
    off: OffSums
    highest: float
    lowest: float


@dataclass(slots=True)
class _Seen:
    """What the values of some rows are like."""

    rows: Rows
    sums: NDArray[np.float64]
    highest: float
    lowest: float


def read_rows(
    probs: Probabilities,
    cutoffs: Probabilities | None,
    given: Classes | None = None,
    trust: Probabilities | None = None,
    *,
    threads: int = THREADS,
    loops: Loops | None = None,
) -> RowFacts:
    """Read every row once, a block at a time, and refuse the first that is not a distribution.

    `trust` saves a look at each row, where the probabilities of the given labels are at hand.
    """
    n_rows, n_classes = probs.shape
    dtype = class_dtype(n_classes)
    predicted: Classes = np.empty(n_rows, dtype=dtype)
    confident: Classes = np.empty(0 if cutoffs is None else n_rows, dtype=dtype)
    picked = np.empty(0 if given is None else n_rows, dtype=probs.dtype) if trust is None else trust
    disagreeing: Mask = np.empty(len(picked), dtype=bool)
    step = block_rows(probs)
    none = _Seen(np.empty(0, dtype=np.intp), np.empty(0), 0.0, 0.0)
    seen: dict[int, _Seen] = {}

    def make_compiled_work(loops: Loops) -> Callable[[slice], None]:
        cuts, labels = _or_none(cutoffs, probs.dtype), _or_none(given, dtype)
        read = Reader(loops, np.empty(step, dtype=probs.dtype), np.empty(step))

        def work(part: slice) -> None:
            into = predicted[part], confident[part], picked[part], disagreeing[part]
            top = read.read(probs[part], cuts, labels[part], into)
            seen[part.start] = _judged(probs[part], top, read.sums, read.lowest, part.start)

        return work

    def make_work() -> Callable[[slice], None]:
        if loops is not None:
            return make_compiled_work(loops)
        read: _Columnwise | _Rowwise = (_Columnwise if n_classes <= COLUMNWISE_CLASSES else _Rowwise)(
            probs, cutoffs, step
        )

        def work(part: slice) -> None:
            block = probs[part]
            with np.errstate(invalid="ignore"):  # infinities are refused below, by row
                top = read.predict(block, predicted[part])
                seen[part.start] = _judged(block, top, read.sums, read.lowest, part.start)
            if cutoffs is not None:
                read.decide(predicted[part], confident[part])
            if given is not None:
                if trust is None:
                    picked[part] = block[np.arange(len(block)), given[part]]
                disagreeing[part] = loses(given[part], picked[part], predicted[part], top)

        return work

    spread(make_work, slices(n_rows, step), threads)
    blocks = [none, *(seen[start] for start in sorted(seen))]
    off = OffSums(np.concatenate([b.rows for b in blocks]), np.concatenate([b.sums for b in blocks]))
    highest, lowest = max(b.highest for b in blocks), min(b.lowest for b in blocks)
    return RowFacts(predicted, confident, picked, disagreeing, off, highest, lowest)


def _or_none(values: Any, dtype: Any) -> Any:
    return np.empty(0, dtype=dtype) if values is None else values


class _Columnwise:
    """For few classes: the block is transposed, so that every operation runs along long columns."""

    def __init__(self, probs: Probabilities, cutoffs: Probabilities | None, step: int) -> None:
        n_classes = probs.shape[1]
        self._columns = np.empty(n_classes * step, dtype=probs.dtype)
        self._hits = np.empty(n_classes * step, dtype=np.int8)
        self._number = np.arange(1, n_classes + 1, dtype=np.int8)[:, None]
        self._cutoffs = np.zeros(0, dtype=probs.dtype) if cutoffs is None else cutoffs
        self._top = np.empty(step, dtype=probs.dtype)
        self.sums = np.empty(0, dtype=probs.dtype)
        self.lowest = 0.0

    def predict(self, block: Probabilities, predicted: Classes) -> Probabilities:
        """Write each row's most probable class, the first of several; the probability of that."""
        columns = self._columns[: block.size].reshape(block.shape[::-1])
        np.copyto(columns, block.T)
        self.sums = columns.sum(axis=0)
        self.lowest = float(columns.min())
        top: Probabilities = np.maximum.reduce(columns, axis=0, out=self._top[: len(block)])
        hits = self._hits[: block.size].reshape(columns.shape)
        np.equal(columns, top, out=hits.view(np.bool_))
        hits *= self._number[::-1]
        np.maximum.reduce(hits, axis=0, out=predicted)
        np.subtract(np.int8(len(columns)), predicted, out=predicted)
        return top

    def decide(self, predicted: Classes, confident: Classes) -> None:
        """Write the class of which each row of the block last read is confident."""
        columns = self._columns[: predicted.size * len(self._number)].reshape(-1, len(predicted))
        rows = _settle(self._top[: len(predicted)], self._cutoffs, predicted, confident)
        if rows.size == 0:
            return
        hits = np.greater_equal(columns.take(rows, axis=1), self._cutoffs[:, None]).view(np.int8)
        several = np.add.reduce(hits, axis=0, dtype=np.int8) > 1
        hits *= self._number
        classes: Classes = np.maximum.reduce(hits, axis=0) + np.int8(NO_CLASS)
        confident[rows] = np.where(several, predicted[rows], classes)


class _Rowwise:
    """For many classes, where numpy's row reductions are fast and confident entries are few."""

    def __init__(self, probs: Probabilities, cutoffs: Probabilities | None, step: int) -> None:
        self._block: Probabilities = np.empty((0, probs.shape[1]), dtype=probs.dtype)
        self._place = np.arange(step)
        self._cutoffs = np.zeros(0, dtype=probs.dtype) if cutoffs is None else cutoffs
        self._top = np.empty(0, dtype=probs.dtype)
        self.sums = np.empty(0, dtype=probs.dtype)
        self.lowest = 0.0

    def predict(self, block: Probabilities, predicted: Classes) -> Probabilities:
        """As for few classes."""
        self._block = block = np.ascontiguousarray(block)
        self.sums = block.sum(axis=1)
        self.lowest = float(block.min())
        predicted[:] = block.argmax(axis=1)
        self._top = block[self._place[: len(block)], predicted]
        return self._top

    def decide(self, predicted: Classes, confident: Classes) -> None:
        """As for few classes."""
        rows = _settle(self._top, self._cutoffs, predicted, confident)
        if rows.size == 0:
            return
        hits: Mask = self._block[rows] >= self._cutoffs
        row, column = np.divmod(np.flatnonzero(hits), hits.shape[1])  # few, so they are listed
        count = np.bincount(row, minlength=len(rows))
        each, several = rows[row[count[row] == 1]], rows[count > 1]
        confident[each] = column[count[row] == 1]
        confident[several] = predicted[several]


def _settle(top: Probabilities, cutoffs: Probabilities, predicted: Classes, confident: Classes) -> Rows:
    """Write the class of which each row is confident, where its highest value tells; the other rows.

    Where the most probable class reaches its cutoff, that is the answer, and a row whose highest value is
    below all cutoffs has none.
    """
    sure = top >= cutoffs[predicted]
    confident[:] = np.where(sure, predicted, predicted.dtype.type(NO_CLASS))
    return np.flatnonzero(~sure & (top >= cutoffs.min()))


def _judged(
    block: Probabilities, top: Probabilities, sums: Probabilities, lowest: float, first_row: int
) -> _Seen:
    """What is nearly wrong with the rows of a block; the first that is quite wrong is refused.

    Sums that are anywhere near the limit are taken again, row by row in double precision: what is said of
    a row must not depend on the rows around it.
    """
    rows = np.flatnonzero(~(np.abs(sums - 1) <= SILENT / 2))
    exact = np.empty(0)
    if rows.size or not lowest >= 0:
        refuse_row(block, rows, lowest, first_row)
        exact = block[rows].astype(np.float64).sum(axis=1)
        off = np.abs(exact - 1) > SILENT
        rows, exact = rows[off], exact[off]
    return _Seen(rows + first_row, exact, float(top.max()), lowest)
