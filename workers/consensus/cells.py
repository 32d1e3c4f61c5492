"""What was asked, and the probability of each label that anyone named, in long form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from workers.consensus.arrays import Floats, Ints, Mask, same_length, sum_by, whole_numbers
from workers.consensus.votes import Votes

UNKNOWN = -1  # of a golden label
FIRST_ROLES = (12.0, 5.0, 3.0)  # given, suggested, another label is right: published flags, as 20 answers
LEAST = 1e-3


@dataclass(frozen=True, slots=True)
class TaskLabels:
    """What each of T tasks was about; `golden` is -1 where the truth is not known."""

    given: Ints
    suggested: Ints
    golden: Ints

    @classmethod
    def of(cls, given: ArrayLike, suggested: ArrayLike, golden: ArrayLike, n_classes: int) -> TaskLabels:
        """Checked: InvalidVotes for labels outside 0..n_classes - 1 or lists of different lengths."""
        known = np.asarray(golden, dtype=np.int64)
        whole_numbers("golden", known + 1, n_classes + 1)
        result = cls(
            whole_numbers("given", given, n_classes),
            whole_numbers("suggested", suggested, n_classes),
            known,
        )
        same_length(given=result.given, suggested=result.suggested, golden=result.golden)
        return result


class Cells:
    """The labels of each task that anyone named, in long form; all others of a task share one weight."""

    def __init__(self, votes: Votes, questions: TaskLabels, n_classes: int) -> None:
        self._votes, self._questions, self._k = votes, questions, n_classes
        n_tasks = len(questions.golden)
        tasks = np.arange(n_tasks)
        role_keys = [tasks * n_classes + questions.given, tasks * n_classes + questions.suggested]
        known = questions.golden != UNKNOWN
        golden_keys = (tasks * n_classes + questions.golden)[known]
        keys = np.concatenate([votes.task * n_classes + votes.label, *role_keys, golden_keys])
        cells, place = np.unique(keys, return_inverse=True)
        self._task, self._label = cells // n_classes, cells % n_classes
        self._of_vote = place[: len(votes)]
        self._given = self._label == questions.given[self._task]
        self._suggested = (self._label == questions.suggested[self._task]) & ~self._given
        self._rest = n_classes - np.bincount(self._task, minlength=n_tasks)
        self._others = n_classes - 1 - (questions.given != questions.suggested)
        self._golden = known
        self._is_golden = questions.golden[self._task] == self._label
        self._asked = np.bincount(votes.task, minlength=n_tasks) > 0

    def estimate(self, reliability: Floats, roles: Floats) -> tuple[Floats, Floats, Floats]:
        """(V,) each vote's chance without itself; the roles seen, with the first guess; (C,) all truths."""
        sure = np.clip(reliability, LEAST, 1 - LEAST)
        weight = np.log(sure * (self._k - 1) / (1 - sure))[self._votes.annotator]
        prior, rest = self._prior(roles)
        score = np.log(np.maximum(prior, LEAST * LEAST)) + sum_by(self._of_vote, weight, len(prior))
        top = np.full(len(self._golden), -np.inf)
        np.maximum.at(top, self._task, score)
        mass = np.exp(score - top[self._task])
        others = self._rest * np.maximum(rest, LEAST * LEAST) * np.exp(-top)
        total = sum_by(self._task, mass, len(top)) + others
        mine = mass[self._of_vote]
        without = np.exp(score[self._of_vote] - top[self._votes.task] - weight)
        right = without / np.maximum(total[self._votes.task] - mine + without, np.finfo(float).tiny)
        known = self._golden[self._votes.task]
        right = np.where(known, self._is_golden[self._of_vote], np.clip(right, 0, 1))
        truth = np.where(self._golden[self._task], self._is_golden, mass / total[self._task])
        return right, self._roles(truth), truth

    def _prior(self, roles: Floats) -> tuple[Floats, Floats]:
        """Of each cell, and of each label of a task that has no cell."""
        same = self._questions.given == self._questions.suggested
        rest = roles[2] / np.maximum(self._others, 1)
        given = np.where(same, roles[0] + roles[1], roles[0])
        prior = np.where(self._given, given[self._task], rest[self._task])
        return np.where(self._suggested, roles[1], prior), rest

    def _roles(self, truth: Floats) -> Floats:
        """How often each role was right in ordinary tasks that somebody answered."""
        ordinary = (~self._golden & self._asked & (self._questions.given != self._questions.suggested))[
            self._task
        ]
        n = float(np.unique(self._task[ordinary]).size)
        given = float(truth[ordinary & self._given].sum())
        suggested = float(truth[ordinary & self._suggested].sum())
        seen = np.array([given, suggested, max(n - given - suggested, 0.0)])
        result: Floats = np.array(FIRST_ROLES) + seen
        return result

    def confusions(self, truth: Floats, measured: Mask) -> dict[tuple[int, int, int], float]:
        """(reviewer, true class, answer) → expected number, of measured votes."""
        order = np.argsort(self._task, kind="stable")
        starts = np.searchsorted(self._task[order], np.arange(len(self._golden) + 1))
        votes = np.flatnonzero(measured)
        task = self._votes.task[votes]
        size = starts[task + 1] - starts[task]
        vote = np.repeat(votes, size)
        step = np.arange(int(size.sum())) - np.repeat(np.cumsum(size) - size, size)
        cell = order[np.repeat(starts[task], size) + step]
        key = (self._votes.annotator[vote] * self._k + self._label[cell]) * self._k + self._votes.label[vote]
        result, place = np.unique(key, return_inverse=True)
        counts = sum_by(place, truth[cell], len(result))
        return {
            (int(k // self._k**2), int(k // self._k % self._k), int(k % self._k)): float(n)
            for k, n in zip(result, counts, strict=True)
            if n >= LEAST
        }
