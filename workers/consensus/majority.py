"""The plain count of votes, with ties said."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workers.consensus.votes import Consensus, Votes

NO_VOTES = -1


def majority(votes: Votes, n_classes: int) -> Consensus:
    """The most frequent label of each task.

    Parameters
    ----------
    votes
        V votes on T tasks by A annotators.
    n_classes
        K; labels are 0..K-1.

    Returns
    -------
    Consensus
        Of several equally frequent labels the smallest is named and the task is marked `tied`. `quality` is
        the label's share of the task's votes (0 without votes); `annotator_quality` is the share of a
        person's votes that equal the majority, over tasks that are not tied and have other votes too.

    Raises
    ------
    InvalidVotes
        For a label outside 0..K-1.
    """
    votes.refuse_labels_beyond(n_classes)
    task, label, count = _distinct(votes, n_classes)
    n_votes = np.bincount(votes.task, minlength=votes.n_tasks)
    most = np.zeros(votes.n_tasks, dtype=np.int64)
    np.maximum.at(most, task, count)
    leads = count == most[task]
    winner = np.full(votes.n_tasks, NO_VOTES, dtype=np.int64)
    winner[task[leads][::-1]] = label[leads][::-1]  # the smallest label is written last
    tied = np.bincount(task[leads], minlength=votes.n_tasks) > 1
    quality = most / np.maximum(n_votes, 1)
    return Consensus(winner, quality, _agreement(votes, winner, tied, n_votes), tied)


def _distinct(votes: Votes, n_classes: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Each task's distinct labels with their counts, ascending by task and label."""
    pair, count = np.unique(votes.task * n_classes + votes.label, return_counts=True)
    return pair // n_classes, pair % n_classes, count.astype(np.int64)


def _agreement(
    votes: Votes, winner: NDArray[np.int64], tied: NDArray[np.bool_], n_votes: NDArray[np.intp]
) -> NDArray[np.float64]:
    usable = (~tied & (n_votes > 1))[votes.task]
    agrees = usable & (winner[votes.task] == votes.label)
    n_usable = np.bincount(votes.annotator, weights=usable, minlength=votes.n_annotators)
    n_agrees = np.bincount(votes.annotator, weights=agrees, minlength=votes.n_annotators)
    quality = np.full(votes.n_annotators, np.nan)
    np.divide(n_agrees, n_usable, out=quality, where=n_usable > 0)
    return quality
