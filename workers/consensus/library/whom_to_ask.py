"""Where the next vote is worth most, and whose it should be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from workers.consensus.active import active_score
from workers.consensus.arrays import Floats, Ints, Mask, checked_probs
from workers.consensus.library.calibration import tempered
from workers.consensus.library.crowd import Crowd, crowd_of
from workers.consensus.library.crowdlab import crowdlab
from workers.consensus.library.tie_break import most_voted
from workers.consensus.votes import InvalidVotes, Votes


@dataclass(frozen=True, slots=True)
class ActiveLab:
    """`score` (T,), 0..1, lowest where a vote is worth most; `annotator_weight` (A,), NaN if unknown."""

    score: Floats
    annotator_weight: Floats


def active_scores(votes: Votes, pred_probs: ArrayLike) -> ActiveLab:
    """How little another vote on each task would change.

    Parameters
    ----------
    votes
        V votes on at most T tasks by A annotators; tasks may have none.
    pred_probs : (T, K) float
        The model's out-of-sample probabilities; calibrated here, once two people answered one task.

    Returns
    -------
    ActiveLab
        Ask about the lowest scores first.

    Raises
    ------
    InvalidVotes
        If somebody answered a task twice, or probabilities or labels do not fit.

    Notes
    -----
    Goh and Mueller (2023), arXiv 2301.11856, equations 1 and 2: the consensus quality averaged with the
    uninformed 1/K that one more, average annotator stands for: (q_i (w_M + Σ_j w_j) + w̄ / K) /
    (w_M + Σ_j w_j + w̄). For a task without votes q_i is the model's highest probability and the sum empty.
    cleanlab calibrates wrongly wherever votes are missing; see `best_temperature`.
    """
    probs = checked_probs(pred_probs, votes)
    crowd = crowd_of(votes, *probs.shape)
    quality, model, weights = _weighed(crowd, probs) if crowd.shared.any() else _unweighed(crowd, probs)
    average = float(weights[crowd.present].mean()) if crowd.present.any() else 1.0
    behind = np.bincount(votes.task, weights[votes.annotator], minlength=len(probs)) + model
    score = active_score(quality, behind, average, probs.shape[1])
    return ActiveLab(np.clip(score, 0, 1), np.where(crowd.present, weights, np.nan))


def _weighed(crowd: Crowd, probs: Floats) -> tuple[Floats, float, Floats]:
    result = crowdlab(crowd.votes, probs, calibrate=True)
    unasked = crowd.n_votes == 0
    quality = result.quality.copy()
    quality[unasked] = tempered(probs[unasked], result.temperature).max(axis=1)
    return quality, result.model_weight, result.annotator_weight


def _unweighed(crowd: Crowd, probs: Floats) -> tuple[Floats, float, Floats]:
    """Nobody shares a task: all weigh the same."""
    label = np.where(crowd.n_votes > 0, most_voted(crowd, probs), probs.argmax(axis=1))
    return probs[np.arange(len(label)), label], 1.0, np.ones(crowd.votes.n_annotators)


def whom_to_ask(votes: Votes, tasks: Ints, weight: Floats, available: Mask) -> Ints:
    """For each task of `tasks`, the available annotator of greatest weight who has not answered it, or -1.

    An annotator whose weight is unknown (NaN) counts as average, so new people are asked too; the smallest
    number goes first among equals.

    Raises
    ------
    InvalidVotes
        If `weight` and `available` differ in length or know fewer annotators than the votes.
    """
    if len(weight) != len(available) or len(weight) < votes.n_annotators:
        raise InvalidVotes(
            "weight and available must name every annotator. Give one entry of each per annotator"
        )
    known = ~np.isnan(weight)
    filled = np.where(known, weight, weight[known].mean() if known.any() else 1.0)
    order = np.argsort(-filled, kind="stable")
    order = order[available[order]]
    answered = set(zip(votes.task.tolist(), votes.annotator.tolist(), strict=True))
    return np.array(
        [next((who for who in order.tolist() if (task, who) not in answered), -1) for task in tasks.tolist()],
        dtype=np.int64,
    )
