"""Choosing rows to prune, class by class, from the counts that the confident joint estimates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workers.issues.arrays import Counts, Mask, Probabilities, Rows
from workers.issues.groups import Groups
from workers.issues.selection import nth_smallest, smallest

WHOLE_ROWS = 8  # reading one entry alone costs about as much as this many side by side
CLEAR = 2e-6  # a margin above this cannot belong to a row whose given label wins


def prune_by_class(self_confidence: Probabilities, disagreeing: Mask, groups: Groups, counts: Counts) -> Mask:
    """Mark in each class the rows with the least self-confidence: as many as the joint calls wrong.

    Section 3.2 of Northcutt et al. (2021), method "Prune by Class". `counts` is (true, given). A class of
    a single row is left alone, and so are rows that are not `disagreeing`.
    """
    mask = np.zeros(len(self_confidence), dtype=bool)
    wrong = groups.counts - counts.diagonal()
    for label, candidates in _split(disagreeing, groups):
        if wrong[label] >= 1:
            rows = groups.rows(label)
            mask[_among_smallest(self_confidence, int(wrong[label]), rows, candidates)] = True
    mask &= disagreeing
    return mask


def _among_smallest(values: Probabilities, n: int, rows: Rows, candidates: Rows) -> Rows:
    """The `candidates`, a part of `rows`, whose values are among the rows' n smallest.

    Where equal values have to be told apart, all the n rows are given.
    """
    of_rows = values[rows]
    if n < len(rows):
        limit = nth_smallest(of_rows, n)
        if np.count_nonzero(of_rows <= limit) == n:
            return candidates[values[candidates] <= limit]
    return rows[smallest(of_rows, n)]


def prune_by_noise_rate(
    probs: Probabilities, self_confidence: Probabilities, disagreeing: Mask, groups: Groups, counts: Counts
) -> Mask:
    """Mark for each pair of classes the rows with the largest margins of the other over the given class.

    Section 3.2 of Northcutt et al. (2021), method "Prune by Noise Rate". Only `disagreeing` rows, whose
    given label does not win, are marked: the others would be dropped from the answer. Among them alone the
    largest margins are sought first; where the last one taken is not clearly positive, rows that agree may
    compete for the place, and all rows of the class are compared.
    """
    mask = np.zeros(len(probs), dtype=bool)
    for label, candidates in _split(disagreeing, groups):
        wanted = counts[:, label].copy()
        wanted[label] = 0
        others = np.flatnonzero(wanted)
        hit, left = _largest_margins(probs, self_confidence, candidates, others, wanted[others], floor=CLEAR)
        mask[candidates[hit]] = True
        if left.size:
            rows = groups.rows(label)
            pairs = (others[left], wanted[others[left]])
            hit, tied = _largest_margins(probs, self_confidence, rows, *pairs, floor=-np.inf)
            mask[rows[hit]] = True
            for other, n in zip(pairs[0][tied], pairs[1][tied], strict=True):
                margin = probs[rows, other] - self_confidence[rows]
                mask[rows[smallest(-margin, int(n))]] = True
    mask &= disagreeing
    return mask


def _split(disagreeing: Mask, groups: Groups) -> list[tuple[int, Rows]]:
    """The disagreeing rows of each class that has any, for classes of more than one row."""
    rows = np.flatnonzero(disagreeing)
    given = groups.labels[rows]
    rows = rows[np.argsort(given, kind="stable")]
    ends = np.cumsum(np.bincount(given, minlength=len(groups.counts)))
    parts = np.split(rows, ends[:-1])
    return [(label, part) for label, part in enumerate(parts) if part.size and groups.counts[label] > 1]


def _largest_margins(
    probs: Probabilities,
    self_confidence: Probabilities,
    rows: Rows,
    others: Rows,
    wanted: Counts,
    *,
    floor: float,
) -> tuple[Mask, Rows]:
    """Which rows are among the `wanted` largest margins of any class in `others`.

    Also returns the positions in `others` that could not be decided: the boundary is tied, not above
    `floor`, or more rows are wanted than there are.
    """
    margins = _picked(probs, rows, others).T - self_confidence[rows]
    ordered = np.sort(margins, axis=1)
    pair = np.arange(len(others))
    first = len(rows) - wanted
    boundary = ordered[pair, np.maximum(first, 0)]
    below: NDArray[np.floating] = np.where(first > 0, ordered[pair, np.maximum(first - 1, 0)], -np.inf)
    decided = (first >= 0) & (boundary > floor) & (boundary > below)
    hit: Mask = (margins[decided] >= boundary[decided, None]).any(axis=0)
    return hit, np.flatnonzero(~decided)


def _picked(probs: Probabilities, rows: Rows, columns: Rows) -> Probabilities:
    """The entries of some rows in some columns; whole rows are read where most columns are wanted."""
    if WHOLE_ROWS * len(columns) < probs.shape[1]:
        return probs[rows[:, None], columns]
    return probs[rows][:, columns]
