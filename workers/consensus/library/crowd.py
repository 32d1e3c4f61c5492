"""What CROWDLAB needs to know of the votes, counted once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workers.consensus.arrays import Floats, Ints, Mask, ratio, sum_by
from workers.consensus.votes import InvalidVotes, Votes


@dataclass(frozen=True, slots=True)
class Crowd:
    """Counts over T tasks, K classes and A annotators; `cell` is each vote's place in (T, K), flattened."""

    votes: Votes
    cell: Ints
    counts: Floats  # (T, K)
    n_votes: Ints  # (T,)
    shared: Mask  # (T,): two votes or more
    present: Mask  # (A,): has voted

    def agreement_with_others(self) -> Floats:
        """(A,): share of pairs with others' votes that agree; the mean of all for those without any."""
        task, annotator = self.votes.task, self.votes.annotator
        n_annotators = self.votes.n_annotators
        agreeing = sum_by(annotator, self.counts.ravel()[self.cell] - 1, n_annotators)
        others = sum_by(annotator, self.n_votes[task] - 1, n_annotators)
        result = ratio(agreeing, others)
        return np.where(others > 0, result, result[others > 0].mean())

    def agreement_with(self, label: Ints) -> Floats:
        """(A,): share of an annotator's votes on shared tasks that equal `label`; NaN without any."""
        task, annotator = self.votes.task, self.votes.annotator
        shared = self.shared[task]
        agrees = shared & (label[task] == self.votes.label)
        n_annotators = self.votes.n_annotators
        return ratio(
            sum_by(annotator, agrees, n_annotators),
            sum_by(annotator, shared, n_annotators),
        )


def crowd_of(votes: Votes, n_tasks: int, n_classes: int) -> Crowd:
    """Count `votes`.

    Raises
    ------
    InvalidVotes
        If someone answered a task twice.
    """
    votes.refuse_repeated()
    cell = votes.task * n_classes + votes.label
    counts = np.bincount(cell, minlength=n_tasks * n_classes).astype(np.float64).reshape(n_tasks, n_classes)
    n_votes = np.bincount(votes.task, minlength=n_tasks)
    present = np.bincount(votes.annotator, minlength=votes.n_annotators) > 0
    return Crowd(votes, cell, counts, n_votes, n_votes > 1, present)


def refuse_unshared(crowd: Crowd) -> None:
    """Raise `InvalidVotes` unless two people answered one task."""
    if not crowd.shared.any():
        raise InvalidVotes(
            "no task has two votes: nothing shows how far people agree. Ask someone else as well"
        )
