"""When the answers suffice, and what follows from them: a change needs more than a keep."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from enum import StrEnum

from workers.consensus.shares.answers import Counts, PositionRole
from workers.consensus.shares.belief import Belief
from workers.consensus.shares.prior import SharePrior

HARM_LIMIT = 0.012  # of the flagged labels, were every change just as sure as demanded; most are far surer
LEAST_CHANGE_CONFIDENCE, MOST_CHANGE_CONFIDENCE = 0.75, 0.99
KEEP_CONFIDENCE = 0.93  # a wrong keep leaves what was there
MOST_VOTES = 15  # about the questions on which people differ; most others end after one
LEAST_FOR_A_CHANGE = 2  # who say so: one slip is not told from the crowd, whatever the others' labels were
CHANGED_AT_LEAST = 0.6  # that it is what most would choose, problems among it: else it is left for people
LIKELY = 0.5  # what is ahead of all others, but has no majority, is not changed to


class End(StrEnum):
    """What becomes of a question now."""

    CHANGE = "change"
    KEEP = "keep"
    PROBLEM = "problem"  # most would say that no single label answers the question
    TORN = "torn"  # no label is likely to have a clear majority, however many are asked
    ASK = "ask"
    UNRESOLVED = "unresolved"


@dataclass(frozen=True, slots=True)
class SharePolicy:
    """How sure a decision must be, 0.5..1, and how many are asked at most."""

    change_confidence: float = MOST_CHANGE_CONFIDENCE
    keep_confidence: float = KEEP_CONFIDENCE
    min_votes: int = 1
    max_votes: int = MOST_VOTES

    def __post_init__(self) -> None:
        for name in ("change_confidence", "keep_confidence"):
            value = getattr(self, name)
            if not 0.5 < value < 1:
                raise ValueError(f"{name} is {value}: give a probability above 0.5 and below 1")
        if not 1 <= self.min_votes <= self.max_votes:
            raise ValueError(f"min_votes is {self.min_votes}: give a number from 1 to {self.max_votes}")


def change_confidence_for(prior: SharePrior, harm_limit: float = HARM_LIMIT) -> float:
    """How sure a change must be for the harm to stay within the limit: more where more is changed.

    Parameters
    ----------
    prior
        What was learned so far.
    harm_limit
        The greatest share of all questions whose label may be changed wrongly, 0..1.

    Returns
    -------
    float
        1 - harm_limit / (share of questions that end in a change), within 0.75 to 0.99. Of N questions q N
        are changed, each wrongly with at most 1 - t, so the expected harm is at most (1 - t) q N.
    """
    return min(max(1 - harm_limit / prior.changing, LEAST_CHANGE_CONFIDENCE), MOST_CHANGE_CONFIDENCE)


@dataclass(frozen=True, slots=True)
class Conclusion:
    """How a question stands. `position` is the label or the problem decided on, `probability` that most of
    the crowd would choose it."""

    end: End
    position: Hashable | None
    probability: float


def conclude(counted: Counts, belief: Belief, policy: SharePolicy, *, asked: int | None = None) -> Conclusion:
    """Whether the answers decide the question; the order of the votes does not matter.

    `asked` is how many of the answers were asked for, where some were known before: without any, nothing is
    decided.
    """
    n_votes = counted.answers.n_votes if asked is None else asked
    if n_votes >= policy.min_votes:
        settled = _settled(counted, belief, policy)
        if settled is not None:
            return settled
    if n_votes < policy.max_votes:
        return Conclusion(End.ASK, None, belief.clear)
    if belief.clear < 0.5:
        return Conclusion(End.TORN, None, 1 - belief.clear)
    return Conclusion(End.UNRESOLVED, None, belief.clear)


def _settled(counted: Counts, belief: Belief, policy: SharePolicy) -> Conclusion | None:
    if counted.answers.given and belief.keep >= policy.keep_confidence:
        return Conclusion(End.KEEP, None, belief.keep)
    is_unclear = 1 - belief.clear >= policy.keep_confidence
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
    stays = belief.keep + problems >= policy.keep_confidence  # whichever of them: no change is likely
    return Conclusion(End.TORN, None, 1 - belief.clear) if is_unclear or stays else None


def _may_change(counted: Counts, belief: Belief, policy: SharePolicy, position: Hashable) -> bool:
    surely = belief.first[position] >= policy.change_confidence and belief.most[position] >= CHANGED_AT_LEAST
    return surely and len(counted.group_of[position][1]) >= LEAST_FOR_A_CHANGE
