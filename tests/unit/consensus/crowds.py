"""Made-up crowds with a known truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.consensus import Votes


@dataclass(frozen=True)
class MadeUp:
    votes: Votes
    probs: NDArray[np.float64]
    truth: NDArray[np.int64]

    def wide(self) -> NDArray[np.float64]:
        """A row per task, a column per annotator, NaN where there is no vote: what cleanlab reads."""
        table = np.full((len(self.truth), self.votes.n_annotators), np.nan)
        table[self.votes.task, self.votes.annotator] = self.votes.label
        return table


def crowd(
    seed: int, *, tasks: int = 60, annotators: int = 6, classes: int = 4, answered: float = 0.6
) -> MadeUp:
    """Every task has a vote and every annotator gives one; the model is mostly right."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, tasks)
    skill = rng.uniform(0.5, 0.95, annotators)
    asked = rng.random((tasks, annotators)) < answered
    asked[np.arange(tasks), np.arange(tasks) % annotators] = True
    task, annotator = np.nonzero(asked)
    right = rng.random(len(task)) < skill[annotator]
    label = np.where(right, truth[task], rng.integers(0, classes, len(task)))
    probs = rng.standard_exponential((tasks, classes))
    probs[np.arange(tasks), truth] += 2 * rng.random(tasks)
    return MadeUp(Votes(task, annotator, label), probs / probs.sum(axis=1, keepdims=True), truth)
