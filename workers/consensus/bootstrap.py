"""How far a measure of agreement would have come out differently with other tasks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workers.consensus.arrays import level_in_range
from workers.consensus.measures import Measure, TaskSums
from workers.consensus.votes import InvalidVotes, Votes


@dataclass(frozen=True, slots=True)
class Interval:
    """A value and the interval about it; all NaN where the measure is not defined."""

    value: float
    low: float
    high: float


def bootstrap_interval(
    votes: Votes, measure: Measure, rng: np.random.Generator, *, n_resamples: int = 1000, level: float = 0.95
) -> Interval:
    """The percentile interval of a measure, over tasks drawn with replacement.

    Parameters
    ----------
    votes
        V votes.
    measure
        `alpha_sums`, `fleiss_sums` or `pairwise_sums`.
    rng
        Draws the tasks.
    n_resamples
        How often.
    level
        The share of resamples that the interval holds.

    Raises
    ------
    InvalidVotes
        For no resamples, a level outside 0..1, or if somebody answered a task twice.

    Notes
    -----
    Efron (1979). Tasks are drawn, not votes, since votes on one task depend on each other. Resamples for
    which the measure is not defined are left out.
    """
    return interval_of(measure(votes), rng, n_resamples=n_resamples, level=level)


def interval_of(
    sums: TaskSums, rng: np.random.Generator, *, n_resamples: int = 1000, level: float = 0.95
) -> Interval:
    """`bootstrap_interval` of sums that are there already, such as those of regions."""
    if n_resamples < 1:
        raise InvalidVotes(f"n_resamples is {n_resamples}. Draw at least once")
    tail = (1 - level_in_range(level)) / 2
    n_tasks = sums.rows.shape[0]
    value = sums.value()
    if n_tasks == 0 or np.isnan(value):
        return Interval(value, float("nan"), float("nan"))
    drawn = np.array(
        [
            sums.value(np.bincount(rng.integers(0, n_tasks, n_tasks), minlength=n_tasks).astype(np.float64))
            for _ in range(n_resamples)
        ]
    )
    drawn = drawn[~np.isnan(drawn)]
    if not drawn.size:
        return Interval(value, float("nan"), float("nan"))
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return Interval(value, float(low), float(high))
