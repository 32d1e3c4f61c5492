"""How much stands behind each label of each task, in long form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workers.consensus.arrays import Floats, Ints, Mask, ratio, sum_by
from workers.consensus.votes import Votes

NO_VOTES = -1
ROUNDING = 1e-12  # sums of the same weights in another order differ by less


@dataclass(frozen=True, slots=True)
class Tally:
    """The distinct (task, label) pairs, ascending, with the weight of their votes."""

    task: Ints
    label: Ints
    weight: Floats
    n_tasks: int

    def most(self) -> Floats:
        """The greatest weight of any label of each task."""
        most = np.zeros(self.n_tasks)
        np.maximum.at(most, self.task, self.weight)
        return most

    def total(self) -> Floats:
        """The weight of all votes of each task."""
        return sum_by(self.task, self.weight, self.n_tasks)

    def winner(self) -> tuple[Ints, Mask]:
        """The smallest leading label of each task, -1 without any weight, and which tasks are tied."""
        most = self.most()[self.task]
        leads = (self.weight > 0) & (self.weight >= most * (1 - ROUNDING))
        label = np.full(self.n_tasks, NO_VOTES, dtype=np.int64)
        label[self.task[leads][::-1]] = self.label[leads][::-1]  # the smallest label is written last
        return label, np.bincount(self.task[leads], minlength=self.n_tasks) > 1


def tally(votes: Votes, n_classes: int, weight: Floats | None = None) -> Tally:
    """Votes counted, or summed by `weight` (one for each vote).

    Raises
    ------
    InvalidVotes
        For a label outside 0..n_classes - 1.
    """
    votes.refuse_labels_beyond(n_classes)
    pair, place, count = np.unique(
        votes.task * n_classes + votes.label, return_inverse=True, return_counts=True
    )
    amount = count.astype(np.float64) if weight is None else sum_by(place, weight, len(pair))
    return Tally(pair // n_classes, pair % n_classes, amount, votes.n_tasks)


def agreement_with(votes: Votes, label: Ints, tied: Mask) -> Floats:
    """Share of each person's votes that equal `label`, over tasks that are not tied and have other votes."""
    n_votes = np.bincount(votes.task, minlength=votes.n_tasks)
    usable = (~tied & (n_votes > 1) & (label != NO_VOTES))[votes.task]
    agrees = usable & (label[votes.task] == votes.label)
    return ratio(
        sum_by(votes.annotator, agrees, votes.n_annotators),
        sum_by(votes.annotator, usable, votes.n_annotators),
    )
