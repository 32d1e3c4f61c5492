"""One pass over the matrix: what each row predicts, of which class it is confident, whether it is valid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.issues.arrays import Classes, Mask, Probabilities, block_rows, class_dtype
from workers.issues.validation import SILENT, OffSums, refuse_sum, refuse_values, within_rounding

NO_CLASS = -1  # a row that is confident of no class
COLUMNWISE_CLASSES = 48  # up to here a transposed block, worked on by columns, beats numpy's row reductions


@dataclass(frozen=True, slots=True)
class RowFacts:
    """What one pass finds. `confident` is empty where no cutoffs were given."""

    predicted: Classes
    confident: Classes
    off: OffSums
    highest: float
    lowest: float


def read_rows(probs: Probabilities, cutoffs: Probabilities | None) -> RowFacts:
    """Read every row once, a block at a time, and refuse the first that is not a distribution."""
    n_rows, n_classes = probs.shape
    dtype = class_dtype(n_classes)
    predicted: Classes = np.empty(n_rows, dtype=dtype)
    confident: Classes = np.empty(0 if cutoffs is None else n_rows, dtype=dtype)
    judge = _by_columns if n_classes <= COLUMNWISE_CLASSES else _by_rows
    checks = _Checks(n_classes, probs.dtype)
    step = block_rows(probs)
    for start in range(0, n_rows, step):
        block = np.ascontiguousarray(probs[start : start + step])
        checks.check(block, start)
        top, sure = judge(block, cutoffs, dtype)
        predicted[start : start + step] = top
        if sure is not None:
            confident[start : start + step] = sure
    return RowFacts(predicted, confident, checks.off(), checks.highest, checks.lowest)


class _Checks:
    """Collects what is wrong, or nearly so, with the values seen so far."""

    def __init__(self, n_classes: int, dtype: np.dtype[np.floating]) -> None:
        self._ones = np.ones(n_classes, dtype=dtype)
        self._rows: list[NDArray[np.intp]] = []
        self._sums: list[NDArray[np.float64]] = []
        self.highest = 0.0
        self.lowest = 0.0

    def check(self, block: Probabilities, first_row: int) -> None:
        with np.errstate(invalid="ignore"):  # infinities are refused below, by row
            sums = block @ self._ones
            off = np.flatnonzero(~(np.abs(sums - 1) <= SILENT))
        lowest = float(block.min())
        if off.size or not lowest >= 0:
            self._look_closer(block, first_row, off)
        self.lowest = min(self.lowest, lowest)

    def _look_closer(self, block: Probabilities, first_row: int, off: NDArray[np.intp]) -> None:
        refuse_values(block, first_row)
        self.highest = max(self.highest, float(block.max()))
        if off.size == 0:
            return
        sums = block[off].sum(axis=1, dtype=np.float64)
        refused = np.flatnonzero(~within_rounding(block[off], sums))
        if refused.size:
            raise refuse_sum(first_row + int(off[refused[0]]), float(sums[refused[0]]))
        self._rows.append(off + first_row)
        self._sums.append(sums)

    def off(self) -> OffSums:
        if not self._rows:
            return OffSums(np.empty(0, dtype=np.intp), np.empty(0))
        return OffSums(np.concatenate(self._rows), np.concatenate(self._sums))


def _by_columns(
    block: Probabilities, cutoffs: Probabilities | None, dtype: np.dtype[np.signedinteger]
) -> tuple[Classes, Classes | None]:
    """Argmax and confident class with one vector operation per column instead of a reduction per row."""
    columns = np.ascontiguousarray(block.T)
    highest = columns[0].copy()
    predicted: Classes = np.zeros(len(block), dtype=dtype)
    for label in range(1, len(columns)):
        better = (columns[label] > highest).view(np.int8)  # int8: few classes, so `dtype` is int8 as well
        np.maximum(highest, columns[label], out=highest)
        better *= label
        np.maximum(predicted, better, out=predicted)
    if cutoffs is None:
        return predicted, None
    n_sure: Classes = np.zeros(len(block), dtype=dtype)
    last: Classes = np.zeros(len(block), dtype=dtype)
    for label in range(len(columns)):
        sure = (columns[label] >= cutoffs[label]).view(np.int8)
        n_sure += sure
        sure *= label + 1
        np.maximum(last, sure, out=last)
    last += NO_CLASS
    np.copyto(last, predicted, where=n_sure > 1)
    return predicted, last


def _by_rows(
    block: Probabilities, cutoffs: Probabilities | None, dtype: np.dtype[np.signedinteger]
) -> tuple[Classes, Classes | None]:
    """The same for many classes, where numpy's row reductions are fast and confident entries are few."""
    predicted: Classes = block.argmax(axis=1).astype(dtype)
    if cutoffs is None:
        return predicted, None
    hits: Mask = block >= cutoffs
    row, label = np.divmod(np.flatnonzero(hits), block.shape[1])
    n_sure = np.bincount(row, minlength=len(block))
    confident: Classes = np.full(len(block), NO_CLASS, dtype=dtype)
    confident[row] = label
    return predicted, np.where(n_sure > 1, predicted, confident)
