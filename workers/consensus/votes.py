"""Votes in long form: one entry per answer, however many people answered each task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

PLACES_PER_VOTE = 64  # of a table of a byte each, so that memory stays linear in votes
SLOTS_PER_VOTE = 8  # of a look for repeated votes: more would share fewer slots by chance


class InvalidVotes(ValueError):
    """Votes cannot be used; the message names the argument, the first bad entry and the remedy."""


class Votes:
    """Three integer arrays of one length: who said what about which task.

    Parameters
    ----------
    task, annotator, label : (V,) int
        Numbers from 0. A task or annotator without votes may be left out or stand between others.

    Raises
    ------
    InvalidVotes
        For arrays that differ in length, are not integers or hold negative numbers.
    """

    __slots__ = ("annotator", "label", "task")

    def __init__(self, task: ArrayLike, annotator: ArrayLike, label: ArrayLike) -> None:
        self.task = _numbers("task", task)
        self.annotator = _numbers("annotator", annotator)
        self.label = _numbers("label", label)
        if not len(self.task) == len(self.annotator) == len(self.label):
            raise InvalidVotes(
                f"task, annotator and label have {len(self.task)}, {len(self.annotator)} and "
                f"{len(self.label)} entries. Give one of each per vote"
            )

    def __len__(self) -> int:
        return len(self.task)

    @property
    def n_tasks(self) -> int:
        """One more than the largest task number; 0 without votes."""
        return int(self.task.max()) + 1 if len(self) else 0

    @property
    def n_annotators(self) -> int:
        """One more than the largest annotator number; 0 without votes."""
        return int(self.annotator.max()) + 1 if len(self) else 0

    def refuse_labels_beyond(self, n_classes: int) -> None:
        """Raise `InvalidVotes` for the first label outside 0..n_classes - 1."""
        bad = np.flatnonzero(self.label >= n_classes)
        if bad.size:
            raise InvalidVotes(
                f"label, vote {bad[0]}: {self.label[bad[0]]} is outside 0..{n_classes - 1}. "
                "Leave votes for other classes out"
            )

    def refuse_repeated(self) -> None:
        """Raise `InvalidVotes` if an annotator has two votes on one task."""
        key = self.task * max(self.n_annotators, 1) + self.annotator
        if not self._collide(key):
            return
        slot = key % (SLOTS_PER_VOTE * len(self) + 1)  # equal keys share a slot: only such need sorting
        key = key[np.bincount(slot)[slot] > 1]
        key.sort()
        twice = np.flatnonzero(key[1:] == key[:-1])
        if twice.size:
            task, annotator = divmod(int(key[twice[0]]), self.n_annotators)
            raise InvalidVotes(
                f"annotator {annotator} has two votes on task {task}. Keep one, with `latest` the last"
            )

    def _collide(self, key: NDArray[np.int64]) -> bool:
        """Whether keys may be equal: certain where a table of all possible keys is not too large."""
        possible = self.n_tasks * self.n_annotators
        if possible > PLACES_PER_VOTE * len(self):
            return True
        used = np.zeros(possible, dtype=np.bool_)
        used[key] = True
        return int(np.count_nonzero(used)) < len(self)

    def latest(self) -> Votes:
        """Only the last vote of each annotator on each task, in order of task and annotator."""
        key = self.task * max(self.n_annotators, 1) + self.annotator
        _, first_from_end = np.unique(key[::-1], return_index=True)
        return self.where(len(key) - 1 - first_from_end)

    def where(self, kept: NDArray[np.bool_] | NDArray[np.int64]) -> Votes:
        """The votes that a mask or list of positions names."""
        return Votes(self.task[kept], self.annotator[kept], self.label[kept])


@dataclass(frozen=True, slots=True)
class Consensus:
    """An aggregated answer for each task.

    `label` is -1 for a task without votes. `quality` (0..1) is how likely the label is right, as the method
    sees it. `annotator_quality` (0..1) is NaN for an annotator without votes. `tied` marks tasks where
    another label stood equal.
    """

    label: NDArray[np.int64]
    quality: NDArray[np.float64]
    annotator_quality: NDArray[np.float64]
    tied: NDArray[np.bool_]


def _numbers(name: str, values: ArrayLike) -> NDArray[np.int64]:
    array: NDArray[Any] = np.asarray(values)
    if array.size == 0:
        array = array.astype(np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise InvalidVotes(f"{name} is not a list of integers. Number its values from 0")
    if array.size and array.min() < 0:
        raise InvalidVotes(f"{name}, vote {int(np.argmax(array < 0))}: negative. Number its values from 0")
    return array.astype(np.int64)
