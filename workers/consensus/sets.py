"""Answers that choose several classes, or none: what people agree on class by class, and how far."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workers.consensus.arrays import Floats, Ints, Mask, ratio, same_length, whole_numbers
from workers.consensus.measures import TaskSums
from workers.consensus.votes import InvalidVotes

NO, UNSURE, YES = 0.0, 0.5, 1.0  # a mark; NaN where the class could not be chosen


@dataclass(frozen=True, slots=True)
class SetConsensus:
    """For each of T tasks and K classes what was agreed.

    `chosen` (bool) is what most say; it holds only where `open` (bool) is false. `share` (0..1) is how
    many chose the class, unsure answers as half, of those who could; NaN where nobody could. `answers`
    (int) counts these.
    """

    chosen: Mask
    open: Mask
    share: Floats
    answers: Ints


def set_consensus(task: ArrayLike, marks: ArrayLike, *, quorum: int) -> SetConsensus:
    """The majority for each class of each task.

    Parameters
    ----------
    task : (V,) int
        The task of each answer, from 0.
    marks : (V, K) float
        Of each answer and class 1 (chosen), 0 (not), 0.5 (unsure) or NaN (this class was not offered).
    quorum
        So many sure answers must agree, at least 1; otherwise the class stays open, as it does in a tie.
        Unsure answers move the share and count towards no quorum.

    Raises
    ------
    InvalidVotes
        For lists that differ in length, other marks, or a quorum below 1.
    """
    tasks, table = _checked(task, marks)
    if quorum < 1:
        raise InvalidVotes(f"quorum is {quorum}. Ask for one answer at least")
    n_tasks = int(tasks.max()) + 1 if tasks.size else 0
    offered = _by_task(tasks, ~np.isnan(table), n_tasks)
    share = ratio(_by_task(tasks, np.nan_to_num(table), n_tasks), offered)
    chosen = share > UNSURE
    agreeing = np.where(chosen, _by_task(tasks, table == YES, n_tasks), _by_task(tasks, table == NO, n_tasks))
    is_open = (agreeing < quorum) | (share == UNSURE)
    return SetConsensus(chosen & ~is_open, is_open, share, offered.astype(np.int64))


def jaccard(first: ArrayLike, second: ArrayLike) -> Floats:
    """(P,): of the classes that either of two answers chose, the share that both did.

    Parameters
    ----------
    first, second : (P, K) float
        Marks of P pairs of answers, as for `set_consensus`. Classes that were not offered to both, or of
        which one was unsure, are left out.

    Returns
    -------
    (P,) float
        0..1; 1 where both chose nothing, NaN where no class can be compared.
    """
    one, other = _marks(first), _marks(second)
    same_length(first=one, second=other)
    sure = (one != UNSURE) & (other != UNSURE) & ~np.isnan(one) & ~np.isnan(other)
    both = (sure & (one == YES) & (other == YES)).sum(axis=1)
    either = (sure & ((one == YES) | (other == YES))).sum(axis=1)
    return np.where(either > 0, both / np.maximum(either, 1), np.where(sure.any(axis=1), 1.0, np.nan))


def mean_jaccard(task: ArrayLike, marks: ArrayLike) -> float:
    """`jaccard` of all pairs of answers to one task, on average; NaN without a pair to compare."""
    return jaccard_sums(task, marks).value()


def jaccard_sums(task: ArrayLike, marks: ArrayLike) -> TaskSums:
    """`mean_jaccard` as sums over tasks, for `interval_of`."""
    tasks, table = _checked(task, marks)
    n_tasks = int(tasks.max()) + 1 if tasks.size else 0
    rows = np.zeros((n_tasks, 2))
    for at, alike in _pairs(tasks, table):
        known = ~np.isnan(alike)
        np.add.at(rows, at[known], np.stack([alike[known], np.ones(int(known.sum()))], axis=1))
    return TaskSums(rows, lambda sums: float(sums[0] / sums[1]) if sums[1] > 0 else float("nan"))


def _pairs(tasks: Ints, table: Floats) -> Iterator[tuple[Ints, Floats]]:
    """The task and the `jaccard` of all pairs of answers to one task, some at a time."""
    order = np.argsort(tasks, kind="stable")
    tasks, table = tasks[order], table[order]
    for apart in range(1, len(tasks)):  # at most as often as the most answered task has answers
        same = np.flatnonzero(tasks[apart:] == tasks[:-apart])
        if same.size == 0:
            break
        yield tasks[same], jaccard(table[same], table[same + apart])


def _checked(task: ArrayLike, marks: ArrayLike) -> tuple[Ints, Floats]:
    tasks, table = whole_numbers("task", task), _marks(marks)
    if tasks.ndim != 1 or len(tasks) != len(table):
        raise InvalidVotes(
            f"task has {tasks.size} entries for {len(table)} rows of marks. Give one per answer"
        )
    return tasks, table


def _marks(values: ArrayLike) -> Floats:
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2:
        raise InvalidVotes(f"marks has {table.ndim} dimensions. Give a row per answer, a column per class")
    odd = np.flatnonzero(~(np.isin(table, (NO, UNSURE, YES)) | np.isnan(table)).all(axis=1))
    if odd.size:
        raise InvalidVotes(
            f"marks, answer {odd[0]}: holds {table[odd[0]].tolist()}. Give 0, 1, 0.5 for unsure, NaN for a "
            "class that was not offered"
        )
    return table


def _by_task(tasks: Ints, marks: NDArray[Any], n_tasks: int) -> Floats:
    total = np.zeros((n_tasks, marks.shape[1]))
    np.add.at(total, tasks, marks)
    return total
