"""Labels and every annotator's confusions at once, by expectation maximisation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from workers.consensus.arrays import Floats, Ints, Mask, leading
from workers.consensus.library.confusions import Confusions
from workers.consensus.tally import NO_VOTES
from workers.consensus.votes import Consensus, InvalidVotes, Votes


@dataclass(frozen=True, slots=True)
class DawidSkene(Consensus):
    """`probs` (T, K) of each label, `prior` (K,) of each class, and how many rounds it took."""

    probs: Floats
    prior: Floats
    rounds: int


def dawid_skene(
    votes: Votes,
    n_classes: int,
    *,
    smoothing: float = 10.0,
    golden: ArrayLike | None = None,
    n_iter: int = 100,
    tol: float = 1e-5,
) -> DawidSkene:
    """Labels weighed by what each annotator confuses.

    Parameters
    ----------
    votes
        V votes on T tasks by A annotators.
    n_classes
        K; labels are 0..K-1.
    smoothing
        How many votes for each true class the confusions of the whole crowd count for in everyone's own;
        0 is the published method, which is unreliable where people have few votes.
    golden : (<= T,) int, optional
        The known label of each task, -1 where it is not known. Known labels stay, and teach the confusions.
    n_iter
        Rounds at most; 0 gives the shares of votes.
    tol
        Stop when the mean log-likelihood of a vote rises by less; 0 never stops early.

    Returns
    -------
    DawidSkene
        `quality` is the probability of the label, `annotator_quality` the probability that the annotator
        names the true label, over the classes as they occur.

    Raises
    ------
    InvalidVotes
        For labels or golden labels outside 0..K-1, or negative settings.

    Notes
    -----
    Dawid and Skene (1979), equations 2.3 to 2.5: with p_k the share of class k and π^j_kl the probability
    that annotator j says l of a task of class k, P(y_i = k) ∝ p_k Π_j π^j_k,y_ij and
    π^j_kl = (Σ_i P(y_i = k) 1[y_ij = l] + s π_kl) / (Σ_i P(y_i = k) 1[j answered i] + s), where π is the
    crowd's own confusion matrix and s the smoothing. Memory grows with V and with T K.
    """
    votes.refuse_labels_beyond(n_classes)
    if not (smoothing >= 0 and n_iter >= 0 and tol >= 0):
        raise InvalidVotes("smoothing, n_iter and tol cannot be negative. Give numbers from 0")
    known = _known(golden, votes.n_tasks, n_classes)
    if not len(known):
        return _nothing(n_classes)
    confusions = Confusions(votes, len(known), n_classes, smoothing)
    usable = confusions.answered | (known != NO_VOTES)
    probs = _fixed(confusions.vote_shares(), known)
    share = usable / usable.sum()
    prior, rounds, before = _weighed(share, probs), 0, -np.inf
    confusions.learn(probs)
    while rounds < n_iter:
        rounds += 1
        fit = confusions.estimate(prior, probs)
        probs = _fixed(probs, known)
        prior = _weighed(share, probs)
        confusions.learn(probs)
        now = fit / max(len(votes), 1)
        if tol > 0 and now - before < tol:
            break
        before = now
    return _result(probs, prior, rounds, usable, confusions)


def _known(golden: ArrayLike | None, n_tasks: int, n_classes: int) -> Ints:
    given = np.asarray([] if golden is None else golden)
    if given.size == 0:
        return np.full(n_tasks, NO_VOTES, dtype=np.int64)
    if given.ndim != 1 or given.dtype.kind not in "iu" or given.min() < NO_VOTES or given.max() >= n_classes:
        raise InvalidVotes(f"golden is no list of labels 0..{n_classes - 1}. Give -1 where none is known")
    known = np.full(max(n_tasks, len(given)), NO_VOTES, dtype=np.int64)
    known[: len(given)] = given
    return known


def _fixed(probs: Floats, known: Ints) -> Floats:
    rows = np.flatnonzero(known != NO_VOTES)
    probs[rows] = 0
    probs[rows, known[rows]] = 1
    return probs


def _weighed(share: Floats, probs: Floats) -> Floats:
    """(K,): the mean of the rows, weighed; a threaded product would cost more in waiting than in work."""
    mean: Floats = np.einsum("i,ij->j", share, probs)
    return mean


def _result(
    probs: Floats,
    prior: Floats,
    rounds: int,
    usable: Mask,
    crowd: Confusions,
) -> DawidSkene:
    first, top, equalled = leading(np.ascontiguousarray(probs.T))
    label = np.where(usable, first, NO_VOTES)
    quality = np.where(usable, np.minimum(top, 1), 0)
    return DawidSkene(label, quality, crowd.quality(prior), usable & equalled, probs, prior, rounds)


def _nothing(n_classes: int) -> DawidSkene:
    none = np.zeros(0)
    flat = np.full(n_classes, 1 / max(n_classes, 1))
    return DawidSkene(
        none.astype(np.int64), none, none, none.astype(np.bool_), np.zeros((0, n_classes)), flat, 0
    )
