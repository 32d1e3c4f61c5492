"""Agreement by class, by pair of annotators and over time."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from workers.consensus.arrays import Floats, Ints, ratio, same_length, sum_by
from workers.consensus.measures import Measure, alpha_sums
from workers.consensus.votes import InvalidVotes, Votes

ROUNDING = 1e-9  # squared distances are differences of sums


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """One entry for each two annotators who share a task, `first` < `second`."""

    first: Ints
    second: Ints
    n_shared: Ints
    n_agreed: Ints
    kappa: Floats  # Cohen's, or weighted; NaN where both gave one and the same label throughout

    @property
    def share(self) -> Floats:
        """Of the shared tasks, how many got the same label."""
        return self.n_agreed / self.n_shared


def agreement_by_class(votes: Votes, n_classes: int, measure: Measure = alpha_sums) -> Floats:
    """(K,): `measure` of the question "this class, or another?"; NaN for a class never named.

    Raises
    ------
    InvalidVotes
        For a label outside 0..n_classes - 1, or if somebody answered a task twice.
    """
    votes.refuse_labels_beyond(n_classes)
    named = np.bincount(votes.label, minlength=n_classes) > 0
    return np.array(
        [
            measure(Votes(votes.task, votes.annotator, (votes.label == k).astype(np.int64))).value()
            if named[k]
            else np.nan
            for k in range(n_classes)
        ]
    )


def agreement_over_time(
    votes: Votes, time: ArrayLike, edges: ArrayLike, measure: Measure = alpha_sums
) -> Floats:
    """(W,): `measure` of the votes of each window, edges[w] <= time < edges[w + 1].

    Parameters
    ----------
    votes
        V votes.
    time : (V,) number
        When each was given, in any unit.
    edges : (W + 1,) number
        Ascending.

    Raises
    ------
    InvalidVotes
        For times that do not fit the votes, edges that do not ascend, or two votes of one on a task.
    """
    when, bounds = np.asarray(time), np.asarray(edges)
    same_length(votes=votes.task, time=when)
    if bounds.ndim != 1 or len(bounds) < 2 or not (bounds[1:] > bounds[:-1]).all():
        raise InvalidVotes("edges do not ascend. Give the bounds of the windows, earliest first")
    return np.array(
        [measure(votes.where((when >= start) & (when < end))).value() for start, end in pairwise(bounds)]
    )


def agreement_by_pair(votes: Votes, values: ArrayLike | None = None) -> PairAgreement:
    """Each two annotators, over the tasks that both answered.

    Memory grows with the pairs of votes on one task.

    Parameters
    ----------
    votes
        V votes.
    values : (V, D) number, optional
        What each vote's label stands for, where labels are more than alike or not: the number of a rating,
        or a mark for each class of a set. Kappa then weighs answers by their squared distance.

    Raises
    ------
    InvalidVotes
        If somebody answered a task twice, or for values that do not fit the votes.

    Notes
    -----
    Cohen (1960), with the two annotators' shares of labels over their shared tasks; Cohen (1968) with
    quadratic weights, for sets over all classes together.
    """
    votes.refuse_repeated()
    one, other = _vote_pairs(votes)
    n_annotators = votes.n_annotators
    pair, place = np.unique(votes.annotator[one] * n_annotators + votes.annotator[other], return_inverse=True)
    n_shared = np.bincount(place, minlength=len(pair))
    agreed = np.bincount(place, votes.label[one] == votes.label[other], minlength=len(pair))
    if values is None:
        by_chance = (
            _by_chance(place, votes.label[one], votes.label[other], len(pair)) / n_shared.astype(float) ** 2
        )
        kappa = ratio(agreed / n_shared - by_chance, 1 - by_chance)
    else:
        rows = np.asarray(values, dtype=np.float64)
        same_length(votes=votes.task, values=rows[:, 0])
        kappa = _weighted_kappa(place, rows[one], rows[other], n_shared)
    width = max(n_annotators, 1)
    return PairAgreement(pair // width, pair % width, n_shared, agreed.astype(np.int64), kappa)


def _weighted_kappa(place: Ints, first: Floats, second: Floats, n_shared: Ints) -> Floats:
    """(P,): one less the mean squared distance of the answers as a share of that between any two tasks'."""

    def mean(numbers: Floats) -> Floats:
        return sum_by(place, numbers, len(n_shared)) / n_shared

    apart = mean(((first - second) ** 2).sum(axis=1))
    products = sum(mean(one) * mean(other) for one, other in zip(first.T, second.T, strict=True))
    by_chance = mean((first**2).sum(axis=1) + (second**2).sum(axis=1)) - 2 * products
    return ratio(by_chance - apart, np.where(by_chance > ROUNDING, by_chance, 0.0))


def _vote_pairs(votes: Votes) -> tuple[Ints, Ints]:
    """Positions of all two votes on one task, the smaller annotator first."""
    order = np.lexsort((votes.annotator, votes.task))
    task = votes.task[order]
    result: list[tuple[Ints, Ints]] = []
    for apart in range(1, len(order)):
        at = np.flatnonzero(task[apart:] == task[:-apart])
        if not at.size:
            break
        result.append((order[at], order[at + apart]))
    if not result:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    return np.concatenate([pair[0] for pair in result]), np.concatenate([pair[1] for pair in result])


def _by_chance(place: Ints, first: Ints, second: Ints, n_pairs: int) -> Floats:
    """For each pair of annotators, how many pairs of their votes on any two tasks name one label."""
    n_classes = int(max(first.max(initial=0), second.max(initial=0))) + 1
    ours, n_ours = np.unique(place * n_classes + first, return_counts=True)
    theirs, n_theirs = np.unique(place * n_classes + second, return_counts=True)
    both, at, there = np.intersect1d(ours, theirs, assume_unique=True, return_indices=True)
    return np.bincount(both // n_classes, n_ours[at] * n_theirs[there], minlength=n_pairs).astype(np.float64)
