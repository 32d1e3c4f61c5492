"""Answers to one question, and how much stands behind each of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

LEAST_WEIGHT = 0.25  # no reviewer's vote counts for less: software alone blocks nobody

Position = tuple[str, str]  # ("label", name) or ("problem", name)


@dataclass(frozen=True, slots=True)
class QuorumVote:
    """One person's answer: a label, or what is wrong with the question, or both."""

    reviewer: str
    label: str | None = None
    problems: tuple[str, ...] = ()

    @property
    def positions(self) -> tuple[Position, ...]:
        """What the vote counts for; a problem outweighs the label given with it. Empty: an abstention."""
        if self.problems:
            return tuple(("problem", problem) for problem in dict.fromkeys(self.problems))
        return () if self.label is None else (("label", self.label),)


@dataclass(frozen=True, slots=True)
class Ballot:
    """The votes that say something, and the weight behind each conclusive position."""

    stated: tuple[QuorumVote, ...]
    support: Mapping[Position, float]

    @property
    def n_votes(self) -> int:
        return len(self.stated)

    @property
    def leader(self) -> Position | None:
        """The position with the most weight behind it, unless another stands equal."""
        most = max(self.support.values(), default=0.0)
        first = [position for position, weight in self.support.items() if most - weight < ROUNDING]
        return first[0] if len(first) == 1 else None

    @property
    def labels(self) -> list[str]:
        return [name for kind, name in self.support if kind == "label"]

    @property
    def names_problems(self) -> bool:
        return any(vote.problems for vote in self.stated)

    def n_for(self, position: Position) -> int:
        """How many people hold this position."""
        return sum(position in vote.positions for vote in self.stated)

    def positions_of(self, people: Collection[str]) -> set[Position]:
        """All positions of these people."""
        return {one for vote in self.stated if vote.reviewer in people for one in vote.positions}


ROUNDING = 1e-9  # weights are sums of fractions


def ballot_of(
    votes: Sequence[QuorumVote], weights: Mapping[str, float], inconclusive: Collection[str]
) -> Ballot:
    """Count the votes; a reviewer without a weight counts for 1, nobody for less than `LEAST_WEIGHT`.

    Problems among `inconclusive` (the reviewer cannot tell) take a place but support nothing.

    Raises
    ------
    ValueError
        If a reviewer has several votes, or a weight is not within 0..1.
    """
    repeated = sorted(name for name, n in Counter(vote.reviewer for vote in votes).items() if n > 1)
    if repeated:
        raise ValueError(f"{repeated[0]} has several votes: pass one vote per reviewer")
    stated = tuple(vote for vote in votes if vote.positions)
    support: dict[Position, float] = {}
    for vote in stated:
        weight = weights.get(vote.reviewer, 1.0)
        if not 0 <= weight <= 1:
            raise ValueError(f"the weight of {vote.reviewer} is {weight}: give a number from 0 to 1")
        for position in vote.positions:
            if position[0] == "problem" and position[1] in inconclusive:
                continue
            support[position] = support.get(position, 0.0) + max(weight, LEAST_WEIGHT)
    return Ballot(stated, support)
