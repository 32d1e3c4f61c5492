"""When the answers suffice, and what follows from them: a change needs more than a keep."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from enum import StrEnum

from workers.consensus.shares.answers import AnswerSet, Counts, PositionRole
from workers.consensus.shares.belief import Belief

HARM_LIMIT = 0.0027  # of the questions: clear labels spoiled, .3 % less a tenth for what the prior errs
VOTES_PER_QUESTION = 2.5  # on average; beyond it questions end on which a vote repairs least
CHANGE_CONFIDENCE = 0.85  # however little a change can spoil
MOST_SPOILED = 0.05  # that a change spoils a clear label, however rare changes are
FIRST_CHANGE_CONFIDENCE = 0.98  # of a project that has shown nothing: what is usual in it may be otherwise
FIRST_QUESTIONS = 5.0  # that this counts for beside those that were answered
MOST_CHANGE_CONFIDENCE = 0.99
KEEP_CONFIDENCE = 0.935  # a wrong keep leaves what was there
UNCLEAR = 0.93  # that no label has a clear majority: then people are torn, or see a problem
MOST_VOTES = 15  # about the questions on which people differ; most others end after one
LEAST_FOR_A_CHANGE = 2  # who say so: one slip is not told from the crowd, whatever the others' labels were
CHANGED_AT_LEAST = 0.6  # that it has a majority, problems counted: else it is left for people
LIKELY = 0.5  # what is ahead of all others, but has no majority, is not decided on


class End(StrEnum):
    """What becomes of a question now."""

    CHANGE = "change"
    KEEP = "keep"
    PROBLEM = "problem"  # most would say that no single label answers the question
    TORN = "torn"  # no label is likely to have a clear majority, however many are asked
    ASK = "ask"
    ENOUGH = "enough"  # asking on is not worth its votes
    UNRESOLVED = "unresolved"


@dataclass(frozen=True, slots=True)
class SharePolicy:
    """How sure a decision must be, 0.5..1, and how many are asked at most.

    `most_spoiled`: how probable it may be at most that a change spoils a clear label; `price`: how many
    repairs a vote must be worth.
    """

    change_confidence: float = CHANGE_CONFIDENCE
    keep_confidence: float = KEEP_CONFIDENCE
    min_votes: int = 1
    max_votes: int = MOST_VOTES
    most_spoiled: float = 1.0
    price: float = 0.0

    def __post_init__(self) -> None:
        for name in ("change_confidence", "keep_confidence"):
            value = getattr(self, name)
            if not 0.5 < value < 1:
                raise ValueError(f"{name} is {value}: give a probability above 0.5 and below 1")
        if not 1 <= self.min_votes <= self.max_votes:
            raise ValueError(f"min_votes is {self.min_votes}: give a number from 1 to {self.max_votes}")


@dataclass(frozen=True, slots=True)
class Conclusion:
    """How a question stands. `position` is the label or the problem decided on, `probability` that most of
    the crowd would choose it."""

    end: End
    position: Hashable | None
    probability: float


def conclude(
    counted: Counts,
    belief: Belief,
    policy: SharePolicy,
    *,
    asked: int | None = None,
    worth: Callable[[AnswerSet], bool] | None = None,
) -> Conclusion:
    """Whether the answers decide the question; the order of the votes does not matter.

    `asked` is how many of the answers were asked for, where some were known before: without any, nothing is
    decided. `worth` says whether one more answer is worth its price, where it has one; it never bears on a
    change.
    """
    n_votes = counted.answers.n_votes if asked is None else asked
    if n_votes >= policy.min_votes:
        settled = _settled(counted, belief, policy)
        if settled is not None:
            return settled
    priced = policy.price > 0 and n_votes >= policy.min_votes
    little = priced and worth is not None and not worth(counted.answers)
    if n_votes < policy.max_votes and not little:
        return Conclusion(End.ASK, None, belief.clear)
    if belief.clear < 0.5:
        return Conclusion(End.TORN, None, 1 - belief.clear)
    return Conclusion(End.ENOUGH if little else End.UNRESOLVED, None, belief.clear)


def _settled(counted: Counts, belief: Belief, policy: SharePolicy) -> Conclusion | None:
    if counted.answers.given and belief.keep >= policy.keep_confidence:
        return Conclusion(End.KEEP, None, belief.keep)
    is_unclear = 1 - belief.clear >= UNCLEAR
    for position, probability in belief.most.items():
        if belief.majority[position] < LIKELY:
            continue
        if counted.group_of[position][0] is PositionRole.PROBLEM:
            if is_unclear or probability >= policy.keep_confidence:
                return Conclusion(End.PROBLEM, position, probability)
        elif _may_change(counted, belief, policy, position):
            return Conclusion(End.CHANGE, position, probability)
    problems = sum(
        probability
        for position, probability in belief.most.items()
        if counted.group_of[position][0] is PositionRole.PROBLEM
    )
    stays = problems > 0 and belief.keep + problems >= policy.keep_confidence  # no change is likely
    return Conclusion(End.TORN, None, 1 - belief.clear) if is_unclear or stays else None


def _may_change(counted: Counts, belief: Belief, policy: SharePolicy, position: Hashable) -> bool:
    least = min(belief.most[position], belief.majority[position])
    surely = belief.first[position] >= policy.change_confidence and least >= CHANGED_AT_LEAST
    spoils = belief.spoiled > policy.most_spoiled
    return surely and not spoils and len(counted.group_of[position][1]) >= LEAST_FOR_A_CHANGE
