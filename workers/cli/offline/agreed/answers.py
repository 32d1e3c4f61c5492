"""Answers as numbers: each person once an item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from connector.wording import number_of
from workers.cli.offline.agreed.shapes import AgreementFigure
from workers.cli.offline.record import Record
from workers.consensus import interval_of
from workers.consensus.measures import TaskSums

SEED = 20_210_208
NAMELESS = "(nameless {})"


@dataclass(frozen=True, slots=True)
class LongAnswers:
    """V answers: `task` (V,) the item, `person` (V,), `label` V texts; `people` the persons' names."""

    task: NDArray[np.int64]
    person: NDArray[np.int64]
    label: tuple[str, ...]
    people: tuple[str, ...]
    replaced: int

    def by(self, task: int, label: str) -> tuple[str, ...]:
        """Who gave an item this label."""
        return self.who(task, [label])

    def who(self, task: int, labels: Sequence[str]) -> tuple[str, ...]:
        """Who gave an item one of these labels."""
        first, last = np.searchsorted(self.task, [task, task + 1])
        return tuple(self.people[self.person[n]] for n in range(first, last) if self.label[n] in labels)


def long_answers(records: Sequence[Record]) -> LongAnswers:
    """Of a person's answers to one item the last counts; each without a name is of a person of its own."""
    people: dict[str, int] = {}
    rows: list[tuple[int, int, str]] = []
    replaced = 0
    for task, record in enumerate(records):
        given: dict[str, str] = {}
        for n, (who, label) in enumerate(record.answers):
            name = NAMELESS.format(n + 1) if who is None else who
            replaced += name in given
            given[name] = label
        rows += [(task, people.setdefault(name, len(people)), label) for name, label in given.items()]
    return LongAnswers(
        np.array([task for task, _, _ in rows], dtype=np.int64),
        np.array([person for _, person, _ in rows], dtype=np.int64),
        tuple(label for _, _, label in rows),
        tuple(people),
        replaced,
    )


def replaced_notice(n: int) -> tuple[str, ...]:
    """A sentence where somebody answered an item more than once; `n` of these answers do not count."""
    if not n:
        return ()
    return (f"{number_of(n, 'answer is', 'answers are')} replaced by a later one of the same person.",)


def figure(name: str, sums: TaskSums, items: int) -> AgreementFigure:
    """A measure with the 95 % interval over items drawn again and again."""
    interval = interval_of(sums, np.random.default_rng(SEED))
    return AgreementFigure(name, interval.value, interval.low, interval.high, items)


def shared(answers: LongAnswers) -> int:
    """How many items have answers of two people or more."""
    return int(np.count_nonzero(np.bincount(answers.task) > 1)) if len(answers.task) else 0
