"""CROWDLAB: the model votes too, and everyone weighs as much as they have earned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from workers.consensus.arrays import Floats, Ints, checked_probs, leading, sum_by
from workers.consensus.library.calibration import best_temperature, tempered
from workers.consensus.library.crowd import Crowd, crowd_of, refuse_unshared
from workers.consensus.library.tie_break import most_voted
from workers.consensus.tally import NO_VOTES
from workers.consensus.votes import Consensus, Votes

LEAST = 1e-6  # weights and error rates below this count as this


@dataclass(frozen=True, slots=True)
class Crowdlab(Consensus):
    """`probs` (T, K) of each label given votes and model, what each side weighs, and the temperature used."""

    probs: Floats
    model_weight: float
    annotator_weight: Floats
    temperature: float


def crowdlab(votes: Votes, pred_probs: ArrayLike, *, calibrate: bool = False) -> Crowdlab:
    """Labels from people and a model.

    Parameters
    ----------
    votes
        V votes on at most T tasks by A annotators, one for each task and annotator.
    pred_probs : (T, K) float
        The model's out-of-sample probabilities.
    calibrate
        Whether to scale the model's confidence to the votes first, see `best_temperature`.

    Returns
    -------
    Crowdlab
        `quality` is the label's posterior probability. A task without votes has label -1 and quality 0; its
        `probs` are the model's. `annotator_quality` is NaN for those who share no task with anyone.

    Raises
    ------
    InvalidVotes
        If no task has two votes, somebody answered a task twice, or probabilities or labels do not fit.

    Notes
    -----
    Goh, Tkachenko and Mueller (2022), arXiv 2210.06812, section 3: the posterior of task i is
    (w_M p_M(i) + Σ_j w_j p_j(i)) / (w_M + Σ_j w_j), where p_j is P on the label that j named and
    (1 - P) / (K - 1) on the others, P the mean agreement with the consensus,
    w_j = 1 - (1 - s_j) / E, w_M = (1 - (1 - A_M) / E) sqrt(mean votes a task), s_j the agreement of j with
    other annotators, A_M the model's with the consensus and E the error of always naming the commonest
    label. The first consensus is the majority vote, the second the most probable label under the first.
    """
    probs = checked_probs(pred_probs, votes)
    crowd = crowd_of(votes, *probs.shape)
    refuse_unshared(crowd)
    temperature = best_temperature(crowd.counts, probs) if calibrate else 1.0
    if calibrate:
        probs = tempered(probs, temperature)
    result = _Fit(crowd, probs)
    majority = most_voted(crowd, probs)
    posterior, _, _ = result.given(majority)
    label, _, tied = leading(posterior)
    label = np.where(tied, majority, label)
    posterior, w_model, w_people = result.given(label)
    quality = posterior[label, np.arange(len(label))]
    people = _annotator_quality(crowd, result.of_votes(posterior), label, w_model, w_people)
    voted = crowd.n_votes > 0
    return Crowdlab(
        np.where(voted, label, NO_VOTES),
        np.where(voted, np.clip(quality, 0, 1), 0),
        people,
        tied & voted,
        np.ascontiguousarray(posterior.T),
        w_model,
        np.where(crowd.present, w_people, np.nan),
        temperature,
    )


class _Fit:
    """Weights and posterior under a consensus; what does not depend on the consensus is kept."""

    def __init__(self, crowd: Crowd, probs: Floats) -> None:
        self._crowd = crowd
        self._probs = np.ascontiguousarray(probs.T)
        self._place = crowd.votes.label * len(probs) + crowd.votes.task  # of each vote in (K, T), flattened
        self._error = 1 - crowd.agreement_with_others()
        self._shared = np.flatnonzero(crowd.shared)
        self._guess = leading(self._probs)[0][self._shared]
        self._mean_votes = float(crowd.n_votes[crowd.n_votes > 0].mean())

    def given(self, label: Ints) -> tuple[Floats, float, Floats]:
        """Posterior (K, T), the model's weight and the annotators' (0 for those who have not voted)."""
        crowd, n_classes = self._crowd, len(self._probs)
        shared = label[self._shared]
        agreeing = crowd.counts.ravel()[self._shared * n_classes + shared]
        likely = float((agreeing / crowd.n_votes[self._shared]).mean())
        unlikely = (1 - likely) / (n_classes - 1)
        base_error = max(float((shared != np.bincount(shared).argmax()).mean()), LEAST)
        people = np.where(crowd.present, np.maximum(1 - self._error / base_error, LEAST), 0)
        model_error = float((self._guess != shared).mean())
        model = max(1 - model_error / base_error, LEAST) * float(np.sqrt(self._mean_votes))
        posterior = sum_by(self._place, people[crowd.votes.annotator], self._probs.size)
        posterior = posterior.reshape(self._probs.shape)
        weight: Floats = posterior.sum(axis=0)
        posterior *= likely - unlikely
        posterior += weight * unlikely
        posterior += self._probs * model
        posterior /= weight + model
        return posterior, model, people

    def of_votes(self, posterior: Floats) -> Floats:
        """(V,): the posterior of the label that each vote names."""
        result: Floats = posterior.ravel()[self._place]
        return result


def _annotator_quality(
    crowd: Crowd, believed: Floats, label: Ints, model_weight: float, weights: Floats
) -> Floats:
    """The paper's equation 5: mean posterior of one's labels and agreement, mixed by the model's weight.

    `believed` (V,) is the posterior of the label that each vote names.
    """
    annotator = crowd.votes.annotator
    believed = sum_by(annotator, believed, len(weights))
    believed = believed / np.maximum(np.bincount(annotator, minlength=len(weights)), 1)
    mean_votes = crowd.n_votes[crowd.n_votes > 0].mean()
    people_weight = weights.sum() * mean_votes / np.count_nonzero(crowd.present)
    share = model_weight / (model_weight + people_weight)
    return np.asarray(np.clip(share * believed + (1 - share) * crowd.agreement_with(label), 0, 1))
