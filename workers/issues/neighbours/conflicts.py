"""Duplicates that carry different labels: at most one of the labels can be right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workers.issues.arrays import Rows
from workers.issues.neighbours.duplicates import DuplicateSets
from workers.issues.validation import InvalidInput


@dataclass(frozen=True, slots=True)
class DuplicateRow:
    """A duplicate of a row: its number, its label and the distance (NaN where only others lie between)."""

    row: int
    label: int
    distance: float


@dataclass(frozen=True)
class LabelConflicts:
    """Rows in sets whose labels differ.

    `score` (N,) is 0..1: the share of the row's set that carries the row's label, and 1 for rows without a
    conflict; low = suspicious. `rows` (M,) are those in conflict, most suspicious first (equal scores in row
    order). `suggested` (N,) is the most frequent other label of the set (the lowest class number on a tie),
    -1 for rows without a conflict.
    """

    rows: Rows
    score: NDArray[np.float64]
    suggested: NDArray[np.int64]
    _sets: DuplicateSets
    _labels: NDArray[np.int64]

    @property
    def mask(self) -> NDArray[np.bool_]:
        """(N,): which rows are in conflict."""
        return self.suggested >= 0

    def evidence(self, row: int, limit: int = 10) -> list[DuplicateRow]:
        """Up to `limit` duplicates of the row: those labelled otherwise first, then the nearest first."""
        others, distances = self._sets.twins(row)
        result = [
            DuplicateRow(int(other), int(self._labels[other]), float(distance))
            for other, distance in zip(others, distances, strict=True)
        ]
        return sorted(result, key=lambda twin: twin.label == self._labels[row])[:limit]


def label_conflicts(sets: DuplicateSets, labels: ArrayLike) -> LabelConflicts:
    """Which duplicates disagree about their label, for instance after augmentation or a second upload.

    Parameters
    ----------
    sets
        Of `near_duplicates` or `exact_groups`, over N rows.
    labels : (N,) int
        Given classes, 0 or more.

    Raises
    ------
    InvalidInput
        If the labels are no class numbers, or not as many as the sets have rows.

    Notes
    -----
    Equal items have one true label, so over a set the probability that a given label is right is at most
    the share of the set that carries it.
    """
    given = _checked(labels, len(sets.group))
    members = np.flatnonzero(sets.mask)
    group, label = sets.group[members], given[members]
    n_classes = int(given.max(initial=0)) + 1
    cells, inverse, count = np.unique(group * n_classes + label, return_inverse=True, return_counts=True)
    cell_group, cell_label = np.divmod(cells, n_classes)
    size = np.bincount(group, minlength=len(sets))
    score, suggested = np.ones(len(given)), np.full(len(given), -1, dtype=np.int64)
    first, second = _leading(cell_group, cell_label, count, len(sets))
    disputed = second[group] >= 0
    score[members] = count[inverse] / size[group]
    suggested[members] = np.where(disputed, np.where(first[group] == label, second[group], first[group]), -1)
    rows = members[disputed]
    return LabelConflicts(rows[np.argsort(score[rows], kind="stable")], score, suggested, sets, given)


def _leading(
    group: Rows, label: NDArray[np.int64], count: NDArray[np.intp], n_sets: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The most frequent and the second label of each set, -1 where there is none."""
    order = np.lexsort((label, -count, group))
    starts = np.searchsorted(group[order], np.arange(n_sets + 1))
    ranked = np.append(label[order], -1)
    several = np.diff(starts) > 1
    return ranked[starts[:-1]], np.where(several, ranked[np.minimum(starts[:-1] + 1, len(label))], -1)


def _checked(labels: ArrayLike, n_rows: int) -> NDArray[np.int64]:
    given = np.asarray(labels)
    if n_rows == 0 and given.size == 0:
        return given.astype(np.int64)
    if given.ndim != 1 or given.dtype.kind not in "iu" or len(given) != n_rows:
        problem = f"has {given.shape} values of {given.dtype} for {n_rows} rows"
        raise InvalidInput(problem, argument="labels", remedy="Give one class number per item")
    if given.min() < 0:
        row = int(np.flatnonzero(given < 0)[0])
        remedy = "Number the classes from 0"
        raise InvalidInput(f"holds {given[row]}", argument="labels", remedy=remedy, row=row)
    return given.astype(np.int64)
