"""A vote in which some people weigh more."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from workers.consensus.arrays import Floats
from workers.consensus.tally import agreement_with, tally
from workers.consensus.votes import Consensus, InvalidVotes, Votes


def weighted_vote(votes: Votes, n_classes: int, weights: ArrayLike) -> Consensus:
    """The label with the greatest weight of votes behind it.

    Parameters
    ----------
    votes
        V votes on T tasks by A annotators.
    n_classes
        K; labels are 0..K-1.
    weights : (A,) float
        What a vote of each annotator weighs, from 0.

    Returns
    -------
    Consensus
        As `majority`, with weights for counts. A task whose votes all weigh nothing has no label.

    Raises
    ------
    InvalidVotes
        For a label outside 0..K-1, a weight that is negative or not finite, or too few weights.

    Notes
    -----
    ŷ_i = argmax_k Σ_j w_j 1[y_ij = k], quality Σ_j w_j 1[y_ij = ŷ_i] / Σ_j w_j. With w_j = log(p_j (K - 1) /
    (1 - p_j)) for independent annotators of accuracy p_j this is the most probable label.
    """
    weight = _checked(weights, votes.n_annotators)
    counted = tally(votes, n_classes, weight[votes.annotator])
    label, tied = counted.winner()
    most, total = counted.most(), counted.total()
    quality = np.zeros(votes.n_tasks)
    np.divide(most, total, out=quality, where=total > 0)
    return Consensus(label, np.minimum(quality, 1), agreement_with(votes, label, tied), tied)


def _checked(weights: ArrayLike, n_annotators: int) -> Floats:
    weight = np.asarray(weights, dtype=np.float64)
    if weight.ndim != 1 or len(weight) < n_annotators:
        raise InvalidVotes(
            f"weights has the shape {weight.shape}. Give one for each of {n_annotators} annotators"
        )
    bad = np.flatnonzero(~(np.isfinite(weight) & (weight >= 0)))
    if bad.size:
        raise InvalidVotes(f"weights, annotator {bad[0]}: {weight[bad[0]]}. Give numbers from 0")
    return weight
