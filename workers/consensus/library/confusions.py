"""What each annotator says of tasks of each class, kept only for the labels that the annotator used."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from workers.consensus.arrays import Floats, Ints, Mask
from workers.consensus.votes import Votes

PLACES_PER_VOTE = 64  # of a table of keys, so that memory stays linear in votes
BLOCK = 1 << 15  # probabilities at a time: what stays in the cache of a processor
LEAST = 1e-10  # a sum below this counts as this: nothing is impossible


class Confusions:
    """Rows are the (annotator, label) pairs that occur, columns the true classes.

    With S the (tasks x pairs) indicator of votes, the log-likelihood of each task is S log π and the
    expected counts are Sᵀ P, so both steps cost votes times classes.
    """

    def __init__(self, votes: Votes, n_tasks: int, n_classes: int, smoothing: float) -> None:
        self._n_classes = n_classes
        self._smoothing = smoothing
        self._n_annotators = votes.n_annotators
        pair, place = _numbered(votes.annotator * n_classes + votes.label, len(votes))
        self._annotator, self._label = pair // n_classes, pair % n_classes
        n_pairs = len(pair)
        ones = np.ones(len(votes))
        self._votes = sparse.csr_array((ones, (votes.task, place)), shape=(n_tasks, n_pairs))
        step = max(BLOCK // max(n_classes, 1), 1)
        self._blocks = [_rows_of(self._votes, start, start + step) for start in range(0, n_tasks, step)]
        self._by_pair = self._votes.T  # by column: walks the tasks in order
        owners = (np.ones(n_pairs), (self._annotator, np.arange(n_pairs)))
        self._by_annotator = sparse.csr_array(owners, shape=(self._n_annotators, n_pairs))
        labels = (np.ones(n_pairs), (self._label, np.arange(n_pairs)))
        self._by_label = sparse.csr_array(labels, shape=(n_classes, n_pairs))
        self._rows: Floats = np.zeros((n_pairs, n_classes))
        self._absent: Floats = np.zeros((self._n_annotators, n_classes))
        cell = votes.task * n_classes + votes.label
        self._counts = np.bincount(cell, minlength=n_tasks * n_classes).reshape(n_tasks, n_classes)
        self.answered: Mask = np.bincount(votes.task, minlength=n_tasks) > 0

    def vote_shares(self) -> Floats:
        """(T, K): each label's share of a task's votes; 0 without votes."""
        counts = self._counts.astype(np.float64)
        counts /= np.maximum(counts.sum(axis=1, keepdims=True), 1)
        return counts

    def learn(self, probs: Floats) -> None:
        """Estimate all confusions from the probabilities (T, K) of the true classes."""
        seen: Floats = np.maximum(self._by_pair @ probs, LEAST)
        answers: Floats = self._by_annotator @ seen
        if self._smoothing == 0:
            self._rows = seen / answers[self._annotator]
            return
        crowd = self._crowd(seen)
        smooth = answers + self._smoothing
        self._rows = (seen + self._smoothing * crowd[self._label]) / smooth[self._annotator]
        self._absent = self._smoothing * np.diag(crowd) / smooth

    def estimate(self, prior: Floats, probs: Floats) -> float:
        """Write the probabilities of the true classes into `probs`; the log-likelihood of all votes."""
        logs, base = np.log(self._rows), np.log(np.maximum(prior, LEAST))
        fit = 0.0
        for rows, votes in self._blocks:
            scores: Floats = votes @ logs
            scores += base
            top = np.ascontiguousarray(scores.T).max(axis=0)  # faster than along short rows
            scores -= top[:, None]
            np.exp(scores, out=scores)
            total = scores @ np.ones(len(base))  # faster than sum for few columns
            np.divide(scores, total[:, None], out=probs[rows])
            fit += float((top + np.log(total))[self.answered[rows]].sum())
        return fit

    def quality(self, prior: Floats) -> Floats:
        """(A,): the probability that an annotator names the true class; NaN without votes."""
        right = self._absent.copy()
        own = np.arange(len(self._label))
        right[self._annotator, self._label] = self._rows[own, self._label]
        result = right @ (prior / prior.sum())
        answers = np.bincount(self._annotator, minlength=self._n_annotators)
        return np.where(answers > 0, np.clip(result, 0, 1), np.nan)

    def _crowd(self, counts: Floats) -> Floats:
        """(K said, K true): everyone's confusions, with one vote for being right about each class."""
        pooled: Floats = self._by_label @ counts + np.eye(self._n_classes)
        pooled += 1 / self._n_classes
        result: Floats = pooled / pooled.sum(axis=0)
        return result


def _rows_of(matrix: sparse.csr_array, start: int, stop: int) -> tuple[slice, sparse.csr_array]:
    """Some consecutive rows, without a copy."""
    ends = matrix.indptr[start : stop + 1]
    inside = slice(int(ends[0]), int(ends[-1]))
    shape = (len(ends) - 1, matrix.shape[1])
    part = sparse.csr_array((matrix.data[inside], matrix.indices[inside], ends - ends[0]), shape=shape)
    return slice(start, start + len(ends) - 1), part


def _numbered(key: Ints, n_votes: int) -> tuple[Ints, Ints]:
    """The distinct keys, ascending, and the place of each key among them; a table is faster than sorting."""
    highest = int(key.max(initial=0))
    if highest > PLACES_PER_VOTE * n_votes:
        pair, place = np.unique(key, return_inverse=True)
        return pair, place
    used = np.bincount(key, minlength=1) > 0
    return np.flatnonzero(used), (np.cumsum(used) - 1)[key]
