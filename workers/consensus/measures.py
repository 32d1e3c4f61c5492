"""Measures of agreement as sums over tasks, so that a resample is one product and not a recount."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from workers.consensus.arrays import Floats, ratio, sum_by
from workers.consensus.tally import tally
from workers.consensus.votes import Votes

Measure = Callable[[Votes], "TaskSums"]


@dataclass(frozen=True, slots=True)
class TaskSums:
    """What each task adds (sparse, one row for each), and how the sums make the measure."""

    rows: Any
    finish: Callable[[Floats], float]

    def value(self, weight: Floats | None = None) -> float:
        """The measure, with each task counted `weight` times; NaN where it is not defined."""
        times = np.ones(self.rows.shape[0]) if weight is None else weight
        return self.finish(np.asarray(times @ self.rows))


def alpha_sums(votes: Votes) -> TaskSums:
    """Krippendorff's alpha for nominal labels."""
    rows = _columns(votes, lambda agreeing, n: (n * (n - 1) - agreeing) / (n - 1), count_as=1.0)
    return TaskSums(rows, _alpha)


def fleiss_sums(votes: Votes) -> TaskSums:
    """Fleiss' kappa."""
    rows = _columns(votes, lambda agreeing, n: agreeing / (n * (n - 1)), count_as=1.0)
    return TaskSums(rows, _fleiss)


def pairwise_sums(votes: Votes) -> TaskSums:
    """The share of agreeing pairs of votes."""
    rows = _columns(votes, lambda agreeing, _: agreeing, count_as=0.0)
    return TaskSums(rows, lambda sums: float(ratio(sums[2:3], sums[1:2])[0]))


def _columns(votes: Votes, score: Callable[[Floats, Floats], Floats], count_as: float) -> Any:
    """Columns: 1, ordered pairs, `score(agreeing ordered pairs, votes)`, and the votes for each label.

    Tasks with fewer than two votes hold nothing to compare and are left out. One who answered a task twice
    is refused: agreeing with oneself is no agreement.
    """
    votes.refuse_repeated()
    n_classes = int(votes.label.max()) + 1 if len(votes) else 1
    counted = tally(votes, n_classes)
    n = counted.total()
    agreeing = sum_by(counted.task, counted.weight * (counted.weight - 1), counted.n_tasks)
    shared = np.flatnonzero(n > 1)
    entry = n[counted.task] > 1
    place = np.zeros(counted.n_tasks, dtype=np.int64)
    place[shared] = np.arange(len(shared))
    counts = sparse.csr_array(
        (counted.weight[entry] * count_as, (place[counted.task[entry]], counted.label[entry])),
        shape=(len(shared), n_classes),
    )
    m = n[shared]
    fixed = np.column_stack([np.ones(len(shared)), m * (m - 1), score(agreeing[shared], m)])
    return sparse.hstack([sparse.csr_array(fixed), counts], format="csr")


def _alpha(sums: Floats) -> float:
    counts = sums[3:]
    n = counts.sum()
    expected = (n * n - (counts * counts).sum()) / (n - 1) if n > 1 else 0.0
    return float(1 - sums[2] / expected) if expected > 0 else float("nan")


def _fleiss(sums: Floats) -> float:
    counts = sums[3:]
    if not sums[0]:
        return float("nan")
    by_chance = float(((counts / counts.sum()) ** 2).sum())
    observed = sums[2] / sums[0]
    return float((observed - by_chance) / (1 - by_chance)) if by_chance < 1 else float("nan")
