"""The plain count of votes, with ties said."""

from __future__ import annotations

import numpy as np

from workers.consensus.tally import agreement_with, tally
from workers.consensus.votes import Consensus, Votes


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
    counted = tally(votes, n_classes)
    label, tied = counted.winner()
    quality = counted.most() / np.maximum(counted.total(), 1)
    return Consensus(label, quality, agreement_with(votes, label, tied), tied)
