"""One pass over a source: what each row predicts, of which class it is confident, whether it is valid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.issues.arrays import (
    COLUMNWISE_CLASSES,
    Classes,
    Probabilities,
    Rows,
    block_rows,
    class_dtype,
)
from workers.issues.compiled import Loop
from workers.issues.confident import class_of, settle
from workers.issues.disagreement import loses
from workers.issues.row_source import RowSource
from workers.issues.spreading import THREADS, in_order, spread
from workers.issues.validation import SILENT, OffSums, refuse_row


@dataclass(frozen=True, slots=True)
class RowFacts:
    """What one pass finds.

    `confident` is empty where no cutoffs were given. `trust`, the probabilities of the given labels,
    `others`, the rows that predict another class, and `best`, the probabilities of that, are empty where no
    labels were given; so is `disagreeing`, those of `others` whose given label does not win even with 1e-6
    added to its probability.
    """

    predicted: Classes
    confident: Classes
    trust: Probabilities
    others: Rows
    best: Probabilities
    disagreeing: Rows
    off: OffSums
    highest: float
    lowest: float

    def top(self, part: slice) -> Probabilities:
        """The highest probability of each row of a part."""
        top = self.trust[part].copy()
        start, end = np.searchsorted(self.others, (part.start, part.stop)).tolist()
        top[self.others[start:end] - part.start] = self.best[start:end]
        return top


@dataclass(slots=True)
class _Seen:
    """What the values of some rows are like."""

    rows: Rows
    sums: NDArray[np.float64]
    highest: float
    lowest: float


def read_rows(
    source: RowSource,
    cutoffs: Probabilities | None = None,
    given: Classes | None = None,
    trust: Probabilities | None = None,
    *,
    threads: int = THREADS,
    loop: Loop | None = None,
) -> RowFacts:
    """Read every row once, a block at a time, and refuse the first that is not a distribution.

    `trust` saves a look at each row, where the probabilities of the given labels are at hand. The source is
    asked to keep the rows that disagree with their labels.
    """
    n_rows, n_classes = source.shape
    predicted: Classes = np.empty(n_rows, dtype=class_dtype(n_classes))
    confident: Classes = np.empty(0 if cutoffs is None else n_rows, dtype=predicted.dtype)
    picked = np.empty(0 if given is None else n_rows, dtype=source.dtype) if trust is None else trust
    parts = source.parts(block_rows(source))
    longest = max((part.stop - part.start for part in parts), default=0)
    seen: dict[int, _Seen] = {}
    others: dict[int, Rows] = {}
    best: dict[int, Probabilities] = {}
    disagreeing: dict[int, Rows] = {}

    def make_work() -> Callable[[slice], None]:
        read = _reader(source, longest, loop)

        def work(part: slice) -> None:
            with np.errstate(invalid="ignore"):  # infinities are refused below, by row
                top = read.predict(part, predicted[part])
                seen[part.start] = _judged(read.block, top, read.sums, read.lowest, part.start)
            if cutoffs is not None:
                rows = settle(top, cutoffs, predicted[part], confident[part])
                confident[part][rows] = class_of(read.block[rows], cutoffs, predicted[part][rows])
            if given is not None:
                if trust is None:
                    read.pick(given[part], picked[part])
                rows = np.flatnonzero(predicted[part] != given[part])
                lost = rows[loses(given[part], picked[part], predicted[part], top)[rows]]
                source.keep(part, lost, read.block)
                others[part.start], best[part.start] = rows + part.start, top[rows]
                disagreeing[part.start] = lost + part.start

        return work

    spread(make_work, parts, threads)
    none = np.empty(0, dtype=np.intp)
    blocks = [_Seen(none, np.empty(0), 0.0, 0.0), *in_order(seen)]
    return RowFacts(
        predicted,
        confident,
        picked,
        np.concatenate([none, *in_order(others)]),
        np.concatenate([np.empty(0, dtype=source.dtype), *in_order(best)]),
        np.concatenate([none, *in_order(disagreeing)]),
        OffSums(np.concatenate([b.rows for b in blocks]), np.concatenate([b.sums for b in blocks])),
        max(b.highest for b in blocks),
        min(b.lowest for b in blocks),
    )


class _Columnwise:
    """For few classes: the block is transposed, so that every operation runs along long columns."""

    def __init__(self, source: RowSource, longest: int) -> None:
        n_classes = source.shape[1]
        self._source = source
        self._columns = np.empty(n_classes * longest, dtype=source.dtype)
        self._hits = np.empty(n_classes * longest, dtype=np.int8)
        self._number = np.arange(n_classes, 0, -1, dtype=np.int8)[:, None]
        self._top = np.empty(longest, dtype=source.dtype)
        self._place = np.arange(longest)
        self.block: Probabilities = np.empty((0, n_classes), dtype=source.dtype)
        self.sums = np.empty(0, dtype=source.dtype)
        self.lowest = 0.0

    def predict(self, part: slice, predicted: Classes) -> Probabilities:
        """Write each row's most probable class, the first of several; the probability of that."""
        n_rows, n_classes = len(predicted), len(self._number)
        columns = self._columns[: n_classes * n_rows].reshape(n_classes, n_rows)
        self.block = columns.T
        self._source.copy(part, self.block)
        self.sums = columns.sum(axis=0)
        self.lowest = float(columns.min())
        top: Probabilities = np.maximum.reduce(columns, axis=0, out=self._top[:n_rows])
        hits = self._hits[: columns.size].reshape(columns.shape)
        np.equal(columns, top, out=hits.view(np.bool_))
        hits *= self._number
        np.maximum.reduce(hits, axis=0, out=predicted)
        np.subtract(np.int8(n_classes), predicted, out=predicted)
        return top

    def pick(self, labels: Classes, out: Probabilities) -> None:
        """The probabilities of some class of each row of the block last read."""
        places = labels.astype(np.intp)
        places *= len(labels)
        places += self._place[: len(labels)]
        self._columns.take(places, out=out, mode="clip")  # none needs it, but it saves a copy of `out`


class _Rowwise:
    """For many classes, where numpy's row reductions are fast."""

    def __init__(self, source: RowSource, longest: int) -> None:
        self._source = source
        self._place = np.arange(longest)
        self._top = np.empty(longest, dtype=source.dtype)
        self.block: Probabilities = np.empty((0, source.shape[1]), dtype=source.dtype)
        self.sums = np.empty(0, dtype=source.dtype)
        self.lowest = 0.0

    def predict(self, part: slice, predicted: Classes) -> Probabilities:
        """As for few classes."""
        self.block = block = np.ascontiguousarray(self._source.block(part))
        self.sums = block.sum(axis=1)
        self.lowest = float(block.min())
        predicted[:] = block.argmax(axis=1)
        self.pick(predicted, self._top[: len(predicted)])
        return self._top[: len(predicted)]

    def pick(self, labels: Classes, out: Probabilities) -> None:
        """As for few classes."""
        out[:] = self.block[self._place[: len(labels)], labels]


class _Compiled(_Rowwise):
    """Row by row too, in one compiled loop."""

    def __init__(self, source: RowSource, longest: int, loop: Loop) -> None:
        super().__init__(source, longest)
        self._read = loop
        self._sums = np.empty(longest)

    def predict(self, part: slice, predicted: Classes) -> Probabilities:
        """As for few classes."""
        self.block = self._source.block(part)
        top, self.sums = self._top[: len(predicted)], self._sums[: len(predicted)]
        self.lowest = self._read(self.block, predicted, top, self.sums)
        return top


def _reader(source: RowSource, longest: int, loop: Loop | None) -> _Columnwise | _Rowwise:
    if loop is not None:
        return _Compiled(source, longest, loop)
    return (_Columnwise if source.shape[1] <= COLUMNWISE_CLASSES else _Rowwise)(source, longest)


def _judged(
    block: Probabilities, top: Probabilities, sums: Probabilities, lowest: float, first_row: int
) -> _Seen:
    """What is nearly wrong with the rows of a block; the first that is quite wrong is refused.

    Sums that are anywhere near the limit are taken again, row by row in double precision: what is said of
    a row must not depend on the rows around it.
    """
    rows: Rows = np.empty(0, dtype=np.intp)
    exact = np.empty(0)
    miss = np.abs(sums - 1)
    if not (miss.max() <= SILENT / 2 and lowest >= 0):
        rows = np.flatnonzero(~(miss <= SILENT / 2))
        refuse_row(block, rows, lowest, first_row)
        exact = block.take(rows, axis=0).astype(np.float64).sum(axis=1)
        off = np.abs(exact - 1) > SILENT
        rows, exact = rows[off], exact[off]
    return _Seen(rows + first_row, exact, float(top.max()), lowest)
