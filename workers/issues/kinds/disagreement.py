"""Items whose annotators disagree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workers.issues.arrays import Classes, Counts, Rows
from workers.issues.kinds.rates import Floats


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Items with differing answers, the most divided first; `score` is the share of pairs that differ."""

    rows: Rows
    score: Floats
    answers: Counts


def disagreements(rows: Rows, labels: Classes, n_items: int) -> Disagreement:
    """Which items have answers that differ.

    Parameters
    ----------
    rows, labels : (V,) int
        The item of each answer, 0..n_items - 1, and its class, 0 or more.
    n_items
        How many items there are.

    Notes
    -----
    The score is 1 - P_i of Fleiss (1971), equation 2: the chance that two of the item's answers, drawn
    without replacement, differ. Equal scores: the item with more answers first.
    """
    width = int(labels.max(initial=0)) + 1
    pairs, times = np.unique(rows.astype(np.int64) * width + labels, return_counts=True)
    n = np.bincount(rows, minlength=n_items)
    alike = np.bincount(pairs // width, weights=times * (times - 1.0), minlength=n_items)
    possible = n * (n - 1.0)
    score = 1 - np.divide(alike, possible, out=np.ones(n_items), where=possible > 0)
    result = np.flatnonzero(score > 0)
    order = result[np.lexsort((result, -n[result], -score[result]))]
    return Disagreement(order, score[order], n[order])
