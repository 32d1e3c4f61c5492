"""How each method chooses, by what it keeps sorted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np

from workers.issues.arrays import Classes, Mask, Probabilities, Rows
from workers.issues.incremental.confidence import Confidence
from workers.issues.incremental.members import Members
from workers.issues.incremental.ranking import Ranking
from workers.issues.incremental.table import Table
from workers.issues.methods import Method
from workers.issues.quality import margins_of
from workers.issues.thresholds import given_probs

Score: TypeAlias = Callable[[Classes, Probabilities], Probabilities]
Pair: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that the methods choose from."""

    table: Table
    members: list[Members]
    confidence: Confidence


class RowChoice(Protocol):
    """A method: told of each row before it goes and after it has come, it says which rows are issues."""

    def leave(self, row: int) -> None:
        """The row is about to go or to change."""

    def enter(self, row: int) -> None:
        """The row has come or has changed."""

    def among(self, rows: Rows) -> Mask:
        """Which of these rows, all of them present, are issues."""

    def prepare(self) -> None:
        """Do now what the next questions would wait for."""

    def rankings(self) -> dict[Pair, Ranking]:
        """What to save: everything sorted, by a pair of numbers."""


class Unsorted:
    """Methods that look at the row alone: disagreement, and confident disagreement."""

    def __init__(self, among: Callable[[Rows], Mask]) -> None:
        self.among = among

    def leave(self, row: int) -> None:
        """Nothing is sorted."""

    def enter(self, row: int) -> None:
        """Nothing is sorted."""

    def prepare(self) -> None:
        """Nothing is sorted."""

    def rankings(self) -> dict[Pair, Ranking]:
        """Nothing is sorted."""
        return {}


class ByClass:
    """In each class the least self-confidences, as many as the joint calls wrong."""

    def __init__(self, evidence: Evidence, kept: dict[Pair, Ranking]) -> None:
        self._evidence = evidence
        dtype = evidence.table.probs.dtype
        self._rankings = [
            kept.get((label, label), Ranking(dtype)) for label in range(evidence.table.n_classes)
        ]

    def leave(self, row: int) -> None:
        label = int(self._evidence.table.given[row])
        self._rankings[label].discard(float(self._evidence.table.probs[row, label]))

    def enter(self, row: int) -> None:
        label = int(self._evidence.table.given[row])
        self._rankings[label].add(float(self._evidence.table.probs[row, label]))

    def among(self, rows: Rows) -> Mask:
        return _by_class(self._evidence, rows, self._among_members)

    def _among_members(self, label: int, rows: Rows) -> Mask:
        e = self._evidence
        members = e.members[label]
        return self._rankings[label].chosen(
            self._wrong(label),
            len(members),
            e.table.probs[rows, label],
            lambda some: members.places(rows[some]),
            members.trust,
        )

    def _wrong(self, label: int) -> int:
        return len(self._evidence.members[label]) - int(self._evidence.confidence.plan.of(label)[label])

    def prepare(self) -> None:
        for label, members in enumerate(self._evidence.members):
            self._rankings[label].prepare(self._wrong(label), len(members), members.trust)

    def rankings(self) -> dict[Pair, Ranking]:
        return {(label, label): ranking for label, ranking in enumerate(self._rankings)}


class ByNoiseRate:
    """For each pair of classes the largest margins of the other over the given class."""

    def __init__(self, evidence: Evidence, kept: dict[Pair, Ranking]) -> None:
        self._evidence = evidence
        self._rankings: list[dict[int, Ranking]] = [{} for _ in range(evidence.table.n_classes)]
        for (given, other), ranking in kept.items():
            if given != other:
                self._rankings[given][other] = ranking

    def leave(self, row: int) -> None:
        given, lead = self._lead(row)
        for other, ranking in self._rankings[given].items():
            ranking.discard(lead[other])

    def enter(self, row: int) -> None:
        given, lead = self._lead(row)
        for other, ranking in self._rankings[given].items():
            ranking.add(lead[other])

    def _lead(self, row: int) -> tuple[int, list[float]]:
        """The given class, and by how much it is ahead of each class."""
        table = self._evidence.table
        given, probs = int(table.given[row]), table.probs[row]
        lead: list[float] = (probs[given] - probs).tolist()
        return given, lead

    def among(self, rows: Rows) -> Mask:
        return _by_class(self._evidence, rows, self._among_members)

    def _among_members(self, label: int, rows: Rows) -> Mask:
        members, table = self._evidence.members[label], self._evidence.table
        block = table.probs[rows]
        leads = block[:, [label]] - block
        hit = np.zeros(len(rows), dtype=bool)
        for other, wanted in self._wanted(label):
            hit |= self._ranking(label, other).chosen(
                wanted,
                len(members),
                leads[:, other],
                lambda some: members.places(rows[some]),
                lambda other=other: self._leads(label, other),  # type: ignore[misc]
            )
        return hit

    def _wanted(self, label: int) -> list[tuple[int, int]]:
        """The other classes of which rows are to be pruned, and how many."""
        column = self._evidence.confidence.plan.of(label)
        return [(other, int(column[other])) for other in np.flatnonzero(column).tolist() if other != label]

    def _ranking(self, label: int, other: int) -> Ranking:
        rankings = self._rankings[label]
        if other not in rankings:
            rankings[other] = Ranking(self._evidence.table.probs.dtype)
        return rankings[other]

    def _leads(self, label: int, other: int) -> Probabilities:
        """Of all members, in row order."""
        members = self._evidence.members[label]
        leads: Probabilities = members.trust() - self._evidence.table.probs[members.rows(), other]
        return leads

    def prepare(self) -> None:
        for label, members in enumerate(self._evidence.members):
            rows = members.rows()
            lead = members.trust()[:, None] - self._evidence.table.probs[rows]
            for other, wanted in self._wanted(label):
                column = np.ascontiguousarray(lead[:, other])
                self._ranking(label, other).prepare(wanted, len(members), lambda column=column: column)  # type: ignore[misc]

    def rankings(self) -> dict[Pair, Ranking]:
        return {
            (given, other): ranking
            for given, others in enumerate(self._rankings)
            for other, ranking in others.items()
        }


class Both:
    """What is chosen by noise rate and by class."""

    def __init__(self, evidence: Evidence, kept: dict[Pair, Ranking]) -> None:
        self._parts: tuple[RowChoice, RowChoice] = (ByClass(evidence, kept), ByNoiseRate(evidence, kept))

    def leave(self, row: int) -> None:
        for part in self._parts:
            part.leave(row)

    def enter(self, row: int) -> None:
        for part in self._parts:
            part.enter(row)

    def among(self, rows: Rows) -> Mask:
        mask = self._parts[0].among(rows)
        mask[mask] = self._parts[1].among(rows[mask])
        return mask

    def prepare(self) -> None:
        for part in self._parts:
            part.prepare()

    def rankings(self) -> dict[Pair, Ranking]:
        return self._parts[0].rankings() | self._parts[1].rankings()


class Lowest:
    """Of all rows the lowest scores, as many as there are confident disagreements."""

    def __init__(self, evidence: Evidence, score: Score, kept: dict[Pair, Ranking]) -> None:
        self._evidence = evidence
        self._score = score
        self._ranking = kept.get((0, 0), Ranking(evidence.table.probs.dtype))

    def leave(self, row: int) -> None:
        self._ranking.discard(float(self._of(np.array([row]))[0]))

    def enter(self, row: int) -> None:
        self._ranking.add(float(self._of(np.array([row]))[0]))

    def among(self, rows: Rows) -> Mask:
        e = self._evidence
        return self._ranking.chosen(
            e.confidence.n_off_diagonal,
            self._size(),
            self._of(rows),
            lambda some: np.searchsorted(np.flatnonzero(e.table.present), rows[some]),
            self._of_all,
        )

    def _of(self, rows: Rows) -> Probabilities:
        return self._score(self._evidence.table.given[rows], self._evidence.table.probs[rows])

    def _of_all(self) -> Probabilities:
        table = self._evidence.table
        return self._score(table.given, table.probs)[table.present]

    def _size(self) -> int:
        return sum(len(members) for members in self._evidence.members)

    def prepare(self) -> None:
        self._ranking.prepare(self._evidence.confidence.n_off_diagonal, self._size(), self._of_all)

    def rankings(self) -> dict[Pair, Ranking]:
        return {(0, 0): self._ranking}


def choice_of(method: Method, evidence: Evidence, kept: dict[Pair, Ranking]) -> RowChoice:
    """The choice of a method, from what was `kept` where there is something."""
    confidence = evidence.confidence
    if method is Method.PREDICTED_NEQ_GIVEN:
        return Unsorted(lambda rows: confidence.disagreeing[rows])
    if method is Method.CONFIDENT_LEARNING:
        return Unsorted(confidence.off_diagonal)
    if method is Method.LOW_SELF_CONFIDENCE:
        return Lowest(evidence, given_probs, kept)
    if method is Method.LOW_NORMALIZED_MARGIN:
        return Lowest(evidence, margins_of, kept)
    if method is Method.PRUNE_BY_CLASS:
        return ByClass(evidence, kept)
    if method is Method.PRUNE_BY_NOISE_RATE:
        return ByNoiseRate(evidence, kept)
    return Both(evidence, kept)


def _by_class(evidence: Evidence, rows: Rows, choose: Callable[[int, Rows], Mask]) -> Mask:
    """Ask class by class about the rows that disagree; a class of a single row is left alone."""
    mask: Mask = evidence.confidence.disagreeing[rows]
    asked = np.flatnonzero(mask)
    given = evidence.table.given[rows[asked]]
    for label in np.unique(given).tolist():
        at = asked[given == label]
        mask[at] = choose(label, rows[at]) if len(evidence.members[label]) > 1 else False
    return mask
