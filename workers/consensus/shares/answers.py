"""What was answered on one question, reduced to what the shares of the crowd depend on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from enum import StrEnum

MOST_ERROR = 0.75  # no answer is taken for less than a quarter of a draw from the crowd
ERROR_STEP = 0.05  # errors are rounded: finer differences were never measured, and equal sets are looked up


class PositionRole(StrEnum):
    """What a position is to the question."""

    GIVEN = "given"
    SUGGESTED = "suggested"
    OTHER = "other"  # any other label
    PROBLEM = "problem"  # several fit, none does: no label answers the question


@dataclass(frozen=True, slots=True)
class ShareVote:
    """One answer: an opaque position, and how far whoever gave it errs more than the crowd does (0..1)."""

    position: Hashable
    error: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.error <= 1:
            raise ValueError(f"error is {self.error}: give a probability from 0 to 1")


@dataclass(frozen=True, slots=True)
class Terms:
    """Which positions are special to a question; `suggested` None where nothing is suggested."""

    given: Hashable
    suggested: Hashable | None = None
    problems: frozenset[Hashable] = frozenset()

    def of(self, position: Hashable) -> PositionRole:
        """The role of a position."""
        if position == self.given:
            return PositionRole.GIVEN
        if position in self.problems:
            return PositionRole.PROBLEM
        return PositionRole.SUGGESTED if position == self.suggested else PositionRole.OTHER


Errors = tuple[float, ...]  # of all who hold one position, ascending
Group = tuple[PositionRole, Errors]


@dataclass(frozen=True, slots=True)
class AnswerSet:
    """The answers to one question without names: one group a position that was named.

    Two questions with equal groups are equally decided: neither the order of the votes nor what the labels
    are called is left.
    """

    groups: tuple[Group, ...] = ()

    @property
    def n_votes(self) -> int:
        return sum(len(errors) for _, errors in self.groups)

    def with_given(self, errors: Errors) -> AnswerSet:
        """The same with these votes for the given label."""
        others = [group for group in self.groups if group[0] is not PositionRole.GIVEN]
        return AnswerSet(_ordered([*others, (PositionRole.GIVEN, errors)] if errors else others))

    @property
    def given(self) -> Errors:
        """The errors of those who hold the given label."""
        return next((errors for role, errors in self.groups if role is PositionRole.GIVEN), ())


@dataclass(frozen=True, slots=True)
class Counts:
    """Answers, and which group stands for which position."""

    answers: AnswerSet
    group_of: dict[Hashable, Group]


def count(votes: Iterable[ShareVote], terms: Terms) -> Counts:
    """Group the votes by position."""
    held: defaultdict[Hashable, list[float]] = defaultdict(list)
    for vote in votes:
        held[vote.position].append(_rounded(vote.error))
    groups = {position: (terms.of(position), tuple(sorted(errors))) for position, errors in held.items()}
    return Counts(AnswerSet(_ordered(groups.values())), groups)


def _rounded(error: float) -> float:
    return round(round(min(error, MOST_ERROR) / ERROR_STEP) * ERROR_STEP, 2)


def _ordered(groups: Iterable[Group]) -> tuple[Group, ...]:
    return tuple(sorted(groups))
