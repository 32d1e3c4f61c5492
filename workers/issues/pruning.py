"""Choosing rows to prune, class by class, from the counts that the confident joint estimates."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from workers.issues.arrays import Classes, Counts, Mask, Probabilities, Rows
from workers.issues.groups import Groups
from workers.issues.row_source import RowSource
from workers.issues.selection import lowest, nth_smallest, smallest
from workers.issues.spreading import THREADS, spread

WHOLE_ROWS = 8  # reading one entry alone costs about as much as this many side by side
MANY_ROWS = 500  # from here on a partition for each pair beats sorting all pairs together
HELD = 1 << 21  # entries of whole rows that are held at a time
CLEAR = 2e-6  # a margin above this cannot belong to a row whose given label wins


def prune_by_class(
    self_confidence: Probabilities,
    disagreeing: Rows,
    groups: Groups,
    counts: Counts,
    *,
    threads: int = THREADS,
) -> Mask:
    """Mark in each class the rows with the least self-confidence: as many as the joint calls wrong.

    Section 3.2 of Northcutt et al. (2021), method "Prune by Class". `counts` is (true, given). A class of
    a single row is left alone, and so are rows that are not `disagreeing`.
    """
    mask = np.zeros(len(self_confidence), dtype=bool)
    wrong = groups.counts - counts.diagonal()
    doubted = _doubted(groups.labels[disagreeing], groups)
    classes = np.flatnonzero(doubted & (wrong >= 1)).tolist()
    low = lowest(self_confidence, groups, wrong, classes)

    def prune(label: int) -> None:
        mask[_least(self_confidence, int(wrong[label]), low.get(label), lambda: groups.rows(label))] = True

    spread(lambda: prune, classes, threads)
    return _only(disagreeing, mask)


def _only(rows: Rows, mask: Mask) -> Mask:
    """The mask, of these rows alone."""
    result = np.zeros_like(mask)
    result[rows] = mask[rows]
    return result


def _least(values: Probabilities, n: int, low: Rows | None, all_rows: Callable[[], Rows]) -> Rows:
    """The rows of the n smallest values; all of them are among `low`, if those are given."""
    rows = all_rows() if low is None else low
    of_rows = values[rows]
    if n < len(rows):
        chosen = of_rows <= nth_smallest(of_rows, n)
        if np.count_nonzero(chosen) == n:
            return rows[chosen]
    rows = all_rows()
    return rows[smallest(values[rows], n)]


def prune_by_noise_rate(
    source: RowSource,
    self_confidence: Probabilities,
    disagreeing: Rows,
    groups: Groups,
    counts: Counts,
    *,
    threads: int = THREADS,
) -> Mask:
    """Mark for each pair of classes the rows with the largest margins of the other over the given class.

    Section 3.2 of Northcutt et al. (2021), method "Prune by Noise Rate". Only `disagreeing` rows, whose
    given label does not win, are marked: the others would be dropped from the answer. Among them alone the
    largest margins are sought first; where the last one taken is not clearly positive, rows that agree may
    compete for the place, and all rows of the class are compared.
    """
    mask = np.zeros(len(self_confidence), dtype=bool)
    trust, given = self_confidence[disagreeing], groups.labels[disagreeing]
    matrix, places = source.kept(disagreeing)
    wanted = np.where(_doubted(given, groups), counts, 0).T.copy()  # (given, other)
    np.fill_diagonal(wanted, 0)
    left = np.zeros(wanted.shape, dtype=bool)

    def prune(part: tuple[int, Rows]) -> None:
        label, numbers = part
        others = np.flatnonzero(wanted[label])
        seek = _largest_clear if len(numbers) >= MANY_ROWS else _largest_of_few
        hit, undecided = seek(matrix, places[numbers], trust[numbers], others, wanted[label, others])
        mask[disagreeing[numbers[hit]]] = True
        left[label, others[undecided]] = True

    spread(lambda: prune, list(enumerate(groups.places(given))), threads)

    def compare_all(label: int) -> None:
        others = np.flatnonzero(left[label])
        _compare_all(mask, probs, self_confidence, groups.rows(label), others, wanted[label])

    if not left.any():
        return mask
    probs = source.whole()
    spread(lambda: compare_all, np.flatnonzero(left.any(axis=1)).tolist(), threads)
    return _only(disagreeing, mask)


def _compare_all(
    mask: Mask, probs: Probabilities, self_confidence: Probabilities, rows: Rows, others: Rows, wanted: Counts
) -> None:
    """Mark the largest margins of some pairs among all rows of the given class."""
    margins = _margins(probs, rows, self_confidence[rows], others)
    hit, tied = _largest_margins(margins, wanted[others], floor=-np.inf)
    mask[rows[hit]] = True
    for place in tied:
        mask[rows[smallest(-margins[place], int(wanted[others[place]]))]] = True


def _doubted(given: Classes, groups: Groups) -> Mask:
    """(K,): the classes among some labels, save those of a single row."""
    doubted: Mask = (np.bincount(given, minlength=len(groups.counts)) > 0) & (groups.counts > 1)
    return doubted


def _largest_of_few(
    probs: Probabilities, rows: Rows, trust: Probabilities, others: Rows, wanted: Counts
) -> tuple[Mask, Rows]:
    """`_largest_margins` above `CLEAR`, of all pairs together."""
    return _largest_margins(_margins(probs, rows, trust, others), wanted)


def _largest_clear(
    probs: Probabilities, rows: Rows, trust: Probabilities, others: Rows, wanted: Counts
) -> tuple[Mask, Rows]:
    """`_largest_margins` above `CLEAR`, pair by pair."""
    hit = np.zeros(len(rows), dtype=bool)
    left = []
    for pair, (column, n) in enumerate(zip(_columns(probs, rows, others), wanted.tolist(), strict=True)):
        margin = np.subtract(column, trust, out=column)
        place = len(margin) - n
        if place >= 0:
            ordered = np.partition(margin, place)
            boundary, below = ordered[place], ordered[:place].max(initial=-np.inf)
            if boundary > max(CLEAR, below):
                hit |= margin >= boundary
                continue
        left.append(pair)
    return hit, np.array(left, dtype=np.intp)


def _largest_margins(margins: Probabilities, wanted: Counts, *, floor: float = CLEAR) -> tuple[Mask, Rows]:
    """Which rows (columns of `margins`) are among the `wanted` largest of any pair (row of it).

    Also returns the pairs that could not be decided: the boundary is tied, not above `floor`, or more rows
    are wanted than there are.
    """
    ordered = np.sort(margins, axis=1)
    pair = np.arange(len(margins))
    first = margins.shape[1] - wanted
    boundary = ordered[pair, np.maximum(first, 0)]
    below = np.where(first > 0, ordered[pair, np.maximum(first - 1, 0)], -np.inf)
    decided: Mask = (first >= 0) & (boundary > floor) & (boundary > below)
    hit: Mask = (margins[decided] >= boundary[decided, None]).any(axis=0)
    return hit, np.flatnonzero(~decided)


def _columns(probs: Probabilities, rows: Rows, others: Rows) -> Iterable[Probabilities]:
    """What some rows have in each of some columns: of whole rows where those are not too much to hold."""
    n_classes = probs.shape[1]
    if len(rows) * n_classes <= HELD and WHOLE_ROWS * len(others) >= n_classes:
        columns = _whole_rows(probs, rows)
        return (columns[other] for other in others.tolist())
    return (probs[rows, other] for other in others.tolist())


def _whole_rows(probs: Probabilities, rows: Rows) -> Probabilities:
    """(K, rows): the columns of some rows, each in one piece."""
    if probs.flags.f_contiguous:
        return probs.T.take(rows, axis=1)
    return np.ascontiguousarray(probs.take(rows, axis=0).T)


def _margins(probs: Probabilities, rows: Rows, trust: Probabilities, others: Rows) -> Probabilities:
    """(others, rows): by how much each other class leads over the given one.

    Whole rows are read where most columns are wanted.
    """
    if WHOLE_ROWS * len(others) < probs.shape[1]:
        picked = probs[rows, others[:, None]]
    else:
        picked = _whole_rows(probs, rows)[others]
    picked -= trust
    return picked
