"""Answers that are numbers: their centre, whether it is agreed, and how far people agree at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from workers.consensus.arrays import Floats, Ints, Mask, same_length, sum_by, whole_numbers
from workers.consensus.measures import TaskSums
from workers.consensus.votes import InvalidVotes, Votes

ROUNDING = 1e-9  # of the tolerance: 0.3 - 0.1 is within 0.2


class Centre(StrEnum):
    """What stands for the answers to one task."""

    MEDIAN = "median"  # for a few steps, as stars are
    MEAN = "mean"  # for sliders and ranges such as 0 to 100


class Scale(StrEnum):
    """What a difference between numbers means."""

    ORDINAL = "ordinal"  # only their order counts, as of stars
    INTERVAL = "interval"  # equal differences weigh alike


@dataclass(frozen=True, slots=True)
class NumberConsensus:
    """For each of T tasks: `value` (NaN without answers), whether it is `decided`, `answers`, and how many
    of them lie `within` the tolerance of it."""

    value: Floats
    decided: Mask
    answers: Ints
    within: Ints


def number_consensus(
    task: ArrayLike,
    value: ArrayLike,
    *,
    quorum: int,
    tolerance: float,
    centre: Centre = Centre.MEDIAN,
    allowed: ArrayLike | None = None,
) -> NumberConsensus:
    """The median or mean of the answers to each task, decided where enough of them lie near it.

    Parameters
    ----------
    task : (V,) int
        The task of each answer, from 0.
    value : (V,) float
        The answer.
    quorum, tolerance
        Decided where `quorum` answers or more, and more than half of all, lie within `tolerance` of the
        value.
    centre
        No answer weighs more than another.
    allowed
        Values that may be given: the nearest takes the place of the centre, of two as near the lower.

    Raises
    ------
    InvalidVotes
        For answers that are not finite, lists that differ in length, a quorum below 1, a tolerance below
        0, or an empty `allowed`.
    """
    tasks, answers = _checked(task, value)
    if quorum < 1 or not tolerance >= 0:
        raise InvalidVotes(f"quorum {quorum}, tolerance {tolerance}. Give at least 1, and at least 0")
    n_tasks = int(tasks.max()) + 1 if tasks.size else 0
    n = np.bincount(tasks, minlength=n_tasks)
    middle = _CENTRES[centre](tasks, answers, n)
    if allowed is not None:
        middle = _nearest(middle, allowed)
    near = np.abs(answers - middle[tasks]) <= tolerance * (1 + ROUNDING)
    within = np.bincount(tasks[near], minlength=n_tasks)
    return NumberConsensus(middle, (within >= quorum) & (2 * within > n), n, within)


def number_alpha(
    task: ArrayLike, annotator: ArrayLike, value: ArrayLike, *, scale: Scale = Scale.INTERVAL
) -> float:
    """Krippendorff's alpha for numbers; answers may be missing.

    Returns
    -------
    float
        1 for full agreement, 0 for chance, below 0 for less. NaN where no task has two answers, or all
        answers are equal.

    Raises
    ------
    InvalidVotes
        For answers that are not finite, lists that differ in length, or somebody's two answers to a task.

    Notes
    -----
    Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability": α = 1 - D_o / D_e with the squared
    difference as distance. The ordinal distance, (Σ_{g=c..k} n_g - (n_c + n_k) / 2)², is that between the
    mean ranks of the two values among the answers that can be paired.
    """
    return number_alpha_sums(task, annotator, value, scale=scale).value()


def number_alpha_sums(
    task: ArrayLike, annotator: ArrayLike, value: ArrayLike, *, scale: Scale = Scale.INTERVAL
) -> TaskSums:
    """`number_alpha` as sums over tasks, for `interval_of`; ranks are those of all answers."""
    tasks, answers = _checked(task, value)
    Votes(tasks, annotator, np.zeros(len(tasks), dtype=np.int64)).refuse_repeated()
    tasks, answers = _paired(tasks, answers)
    if scale is Scale.ORDINAL:
        answers = _mean_ranks(answers)
    return _alpha_sums(tasks, answers[:, None])


def set_alpha_sums(task: ArrayLike, annotator: ArrayLike, marks: ArrayLike) -> TaskSums:
    """Krippendorff's alpha for sets of classes, as sums over tasks, for `interval_of`.

    Parameters
    ----------
    task, annotator : (V,) int
    marks : (V, K) float
        1 for a class that the answer chose, else 0.

    Raises
    ------
    InvalidVotes
        For lists that differ in length, or somebody's two answers to a task.

    Notes
    -----
    The distance of two sets is the number of classes in which they differ: α = 1 - Σ_k D_o,k / Σ_k D_e,k, the
    nominal alpha of each class pooled.
    """
    tasks, table = whole_numbers("task", task), np.asarray(marks, dtype=np.float64)
    same_length(task=tasks, marks=table[:, 0] if table.shape[1] else tasks)
    Votes(tasks, annotator, np.zeros(len(tasks), dtype=np.int64)).refuse_repeated()
    several = np.bincount(tasks)[tasks] > 1
    return _alpha_sums(tasks[several], table[several])


def _alpha_sums(tasks: Ints, points: Floats) -> TaskSums:
    """Of points (V, D) on tasks of two answers or more, by the square of their distance."""
    if len(points) == 0 or (points == points[0]).all():
        return TaskSums(np.zeros((0, 3 + points.shape[1])), lambda _: float("nan"))
    tasks = np.unique(tasks, return_inverse=True)[1]
    n = np.bincount(tasks)
    apart = points - points.mean(axis=0)
    total = np.zeros((len(n), points.shape[1]))
    np.add.at(total, tasks, apart)
    from_mean = apart - (total / n[:, None])[tasks]
    within = sum_by(tasks, (from_mean**2).sum(axis=1), len(n)) * n / np.maximum(n - 1, 1)
    squares = sum_by(tasks, (apart**2).sum(axis=1), len(n))
    return TaskSums(np.column_stack([within, n, squares, total]), _alpha_of)


def _alpha_of(sums: Floats) -> float:
    """From the weighted differences within tasks, how many answers, their squares' sum, their sums."""
    within, n, squares = sums[:3]
    spread = squares - (sums[3:] ** 2).sum() / n if n > 0 else 0.0
    return float(1 - within * (n - 1) / (n * spread)) if spread > ROUNDING * squares else float("nan")


def difference_sums(task: ArrayLike, value: ArrayLike) -> TaskSums:
    """The mean absolute difference of all pairs of answers to one task, as sums over tasks.

    NaN without such a pair.
    """
    tasks, answers = _paired(*_checked(task, value))
    tasks = np.unique(tasks, return_inverse=True)[1]
    order = np.lexsort((answers, tasks))
    n = np.bincount(tasks)
    place = np.arange(len(order)) - (np.cumsum(n) - n)[tasks[order]]
    larger_than = 2 * place - n[tasks[order]] + 1  # how many more of the task's answers are lower than higher
    rows = np.stack([sum_by(tasks[order], larger_than * answers[order], len(n)), n * (n - 1) / 2], axis=1)
    return TaskSums(rows, lambda sums: float(sums[0] / sums[1]) if sums[1] else float("nan"))


def _checked(task: ArrayLike, value: ArrayLike) -> tuple[Ints, Floats]:
    tasks, answers = whole_numbers("task", task), np.asarray(value, dtype=np.float64)
    same_length(task=tasks, value=answers)
    odd = np.flatnonzero(~np.isfinite(answers))
    if odd.size:
        raise InvalidVotes(f"value, answer {odd[0]}: {answers[odd[0]]}. Leave answers without a number out")
    return tasks, answers


def _paired(tasks: Ints, answers: Floats) -> tuple[Ints, Floats]:
    """Only of tasks with two answers or more."""
    several = np.bincount(tasks)[tasks] > 1
    return tasks[several], answers[several]


def _mean_ranks(answers: Floats) -> Floats:
    _, place, times = np.unique(answers, return_inverse=True, return_counts=True)
    ranks: Floats = (np.cumsum(times) - (times - 1) / 2)[place]
    return ranks


def _medians(tasks: Ints, answers: Floats, n: Ints) -> Floats:
    ordered = answers[np.lexsort((answers, tasks))]
    first = np.cumsum(n) - n
    result = np.full(len(n), np.nan)
    some = n > 0
    low, high = (first + (n - 1) // 2)[some], (first + n // 2)[some]
    result[some] = (ordered[low] + ordered[high]) / 2
    return result


def _means(tasks: Ints, answers: Floats, n: Ints) -> Floats:
    return np.where(n > 0, sum_by(tasks, answers, len(n)) / np.maximum(n, 1), np.nan)


_CENTRES: dict[Centre, Callable[[Ints, Floats, Ints], Floats]] = {
    Centre.MEDIAN: _medians,
    Centre.MEAN: _means,
}


def _nearest(values: Floats, allowed: ArrayLike) -> Floats:
    choices = np.unique(np.asarray(allowed, dtype=np.float64))
    if choices.size == 0 or not np.isfinite(choices).all():
        raise InvalidVotes(
            "allowed holds no values, or some that are not finite. Give those that may be given"
        )
    above = np.clip(np.searchsorted(choices, values), 1, max(len(choices) - 1, 1)) - 1
    pair = np.stack([choices[above], choices[np.minimum(above + 1, len(choices) - 1)]])
    nearer = np.abs(values - pair[1]) < np.abs(values - pair[0])
    return np.where(np.isnan(values), np.nan, np.where(nearer, pair[1], pair[0]))
