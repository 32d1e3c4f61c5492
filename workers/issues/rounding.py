"""Rounding a matrix of counts to whole numbers without changing what its rows sum to."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workers.issues.arrays import Counts


def round_rows(matrix: NDArray[np.float64]) -> Counts:
    """Round every entry, then move the entries with the largest remainders until each row's sum is kept.

    Entries that round to the nearest whole number leave a row at most half its length off, so that each
    entry moves by one at most. Equal remainders at the boundary fall as numpy's default sort orders them:
    the reference implementation does so, and identical counts need the same choice.
    """
    floats = np.ascontiguousarray(matrix)
    whole = floats.round()
    missing = (floats.sum(axis=1).round() - whole.sum(axis=1)).astype(np.int64)
    for up in (True, False):
        rows = np.flatnonzero(missing > 0 if up else missing < 0)
        if rows.size == 0:
            continue
        order = np.argsort(floats[rows] - whole[rows], axis=1)
        if up:
            order = order[:, ::-1]
        wanted = np.arange(floats.shape[1]) < np.abs(missing[rows])[:, None]
        at, rank = np.nonzero(wanted)
        whole[rows[at], order[at, rank]] += 1 if up else -1
    return whole.astype(np.int64)
