"""How reliable each reviewer is, from golden answers and from what others said of the same tasks.

Nobody's own vote confirms itself: a vote is judged by the truth as the *other* votes tell it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from workers.consensus.arrays import Floats, Ints, Mask
from workers.consensus.binomial import exact_interval
from workers.consensus.cells import FIRST_ROLES, UNKNOWN, Cells, TaskLabels
from workers.consensus.reliability import STRENGTH, Reliability
from workers.consensus.votes import InvalidVotes, Votes

LEVEL = 0.95  # the posterior probability inside an interval
TAIL = (1 - LEVEL) / 2
GRID = 400  # points at which the posterior of a reliability is computed
BINS = 200  # steps of the probability that a vote is right
ROUNDS = 50
TOLERANCE = 1e-4
FIRST_GUESS = 0.8  # reliability of everyone before the first round


@dataclass(frozen=True, slots=True)
class Peers:
    """What is known of A reviewers, and what it rests on.

    `measured` (V,) marks votes that say something: on golden tasks, and where somebody else voted too.
    `right` (V,) is the probability, without the vote itself, that it is right; NaN where not measured.
    `confusions` counts, for each reviewer, true class and answer, in expectation.
    """

    reliability: Reliability
    measured: Mask
    right: Floats
    confusions: dict[tuple[int, int, int], float]


def judged_by_peers(votes: Votes, questions: TaskLabels, n_classes: int, n_annotators: int) -> Peers:
    """The reliability of each reviewer with its 95 % interval, shrunk towards all where answers are few.

    Parameters
    ----------
    votes
        At most one vote of each reviewer on each of the T tasks.
    questions
        The given and the suggested label of each task, and its golden label where it has one.
    n_classes, n_annotators
        K >= 2 and A; labels are 0..K-1, reviewers 0..A-1.

    Raises
    ------
    InvalidVotes
        For labels, tasks or reviewers out of range, or two votes of one reviewer on a task.

    Notes
    -----
    One number p_a for each reviewer (the one-coin model of Dawid and Skene, 1979): a right answer with
    probability p_a, else one of the K - 1 others. With q_v the posterior probability that vote v names the
    true label given all *other* votes on its task, the likelihood of p_a is Π_v [p q_v + (1 - p)
    (1 - q_v) / (K - 1)], under a Beta(s m, s (1 - m)) prior around the mean m of all. As the number of
    votes on a task depends only on the votes themselves, asking on where people differ bends nothing:
    a plain count of agreement with the decision would be bent by it. A single vote on a task says nothing.
    Peers who err together look right to each other: where the interval from somebody's golden answers alone
    does not hold the mean from all their answers, the golden answers speak alone.

    Before any vote, whether the given, the suggested or another label is right has the same three
    probabilities for every task, estimated along.
    """
    _check(votes, questions, n_classes, n_annotators)
    cells = Cells(votes, questions, n_classes)
    known = questions.golden[votes.task] != UNKNOWN
    measured = known | (np.bincount(votes.task, minlength=len(questions.golden))[votes.task] > 1)
    n = np.bincount(votes.annotator[measured], minlength=n_annotators)
    evidence = _PeerEvidence(votes.annotator, n_annotators, n_classes)
    mean: Floats = np.full(n_annotators, FIRST_GUESS)
    roles: Floats = np.array(FIRST_ROLES)
    alone: Mask = np.zeros(n_annotators, dtype=np.bool_)
    for _ in range(ROUNDS):
        right, roles, truth = cells.estimate(mean, roles / roles.sum())
        posterior, alone = evidence.weigh(right, measured, known, mean, alone)
        result = posterior @ evidence.grid
        moved = float(np.abs(result - mean).max(initial=0))
        mean = result
        if moved < TOLERANCE:
            break
    low, high = _quantile(posterior, TAIL), _quantile(posterior, 1 - TAIL)
    confusions = cells.confusions(truth, measured)
    return Peers(Reliability(mean, low, high, n), measured, np.where(measured, right, np.nan), confusions)


def class_reliability(
    confusions: dict[tuple[int, int, int], float], person: int, centre: float
) -> dict[int, tuple[float, float, float, float]]:
    """Of one reviewer for each true class met: class → (mean, low, high, answers), shrunk to `centre`."""
    seen: dict[int, list[float]] = {}
    for (who, true, answered), n in confusions.items():
        if who == person:
            counts = seen.setdefault(true, [0.0, 0.0])
            counts[0] += n
            counts[1] += n if answered == true else 0.0
    result: dict[int, tuple[float, float, float, float]] = {}
    for true, (n, hits) in sorted(seen.items()):
        a, b = STRENGTH * centre + hits, STRENGTH * (1 - centre) + max(n - hits, 0.0)
        low, high = special.betaincinv(a, b, [TAIL, 1 - TAIL])
        result[true] = (a / (a + b), float(low), float(high), n)
    return result


class _PeerEvidence:
    """From the chance that each vote is right to the posterior of each reliability, on a grid."""

    def __init__(self, annotator: Ints, n_annotators: int, n_classes: int) -> None:
        self._annotator, self._n = annotator, n_annotators
        self.grid: Floats = (np.arange(GRID) + 0.5) / GRID
        q = np.arange(BINS + 1)[:, None] / BINS
        self._likelihood = np.log(self.grid * q + (1 - self.grid) * (1 - q) / (n_classes - 1))

    def weigh(
        self, right: Floats, measured: Mask, known: Mask, mean: Floats, alone: Mask
    ) -> tuple[Floats, Mask]:
        """(A, GRID) posteriors that sum to 1, and for whom golden answers speak `alone` by now."""
        n = np.bincount(self._annotator[measured], minlength=self._n)
        centre = (float((n * mean).sum()) + 1) / (float(n.sum()) + 2)
        everything, golden = self._posterior(right, measured, centre), self._posterior(right, known, centre)
        asked = np.bincount(self._annotator[known], minlength=self._n)
        hits = np.bincount(self._annotator[known], right[known], minlength=self._n).astype(np.int64)
        certain, together = exact_interval(hits, asked, level=LEVEL), everything @ self.grid
        contradicted: Mask = alone | (together < certain.low) | (together > certain.high)
        return np.where(contradicted[:, None], golden, everything), contradicted

    def _posterior(self, right: Floats, chosen: Mask, centre: float) -> Floats:
        bins = np.rint(right[chosen] * BINS).astype(np.int64)
        place = self._annotator[chosen] * (BINS + 1) + bins
        counts = np.bincount(place, minlength=self._n * (BINS + 1)).reshape(self._n, BINS + 1)
        a, b = STRENGTH * centre, STRENGTH * (1 - centre)
        logs = counts @ self._likelihood + (a - 1) * np.log(self.grid) + (b - 1) * np.log1p(-self.grid)
        result: Floats = np.exp(logs - logs.max(axis=1, keepdims=True))
        result /= result.sum(axis=1, keepdims=True)
        return result


def _quantile(posterior: NDArray[np.float64], share: float) -> Floats:
    """(A,): where the posterior's mass below reaches `share`, between the points of the grid."""
    below = np.cumsum(posterior, axis=1)
    at = np.minimum((below < share).sum(axis=1), GRID - 1)
    rows = np.arange(len(posterior))
    before = np.where(at > 0, below[rows, at - 1], 0.0)
    within = (share - before) / np.maximum(posterior[rows, at], np.finfo(float).tiny)
    result: Floats = (at + np.clip(within, 0, 1)) / GRID
    return result


def _check(votes: Votes, questions: TaskLabels, n_classes: int, n_annotators: int) -> None:
    if n_classes < 2:
        raise InvalidVotes(f"n_classes is {n_classes}. Reliability needs two classes or more")
    if votes.n_tasks > len(questions.golden) or votes.n_annotators > n_annotators:
        raise InvalidVotes("votes name tasks or reviewers that are not described. Describe each of them")
    votes.refuse_labels_beyond(n_classes)
    votes.refuse_repeated()
