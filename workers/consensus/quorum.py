"""When enough people have answered, and what follows from their answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    ACCEPT = "accept"  # another label than the given one was agreed on
    REJECT = "reject"  # the given label was agreed on
    ASK_MORE = "ask_more"
    ESCALATE = "escalate"  # one more vote is wanted, and it must be an adjudicator's
    UNRESOLVED = "unresolved"


class Reason(StrEnum):
    """Why a verdict is what it is; `Verdict.params` fills in the numbers."""

    AGREED_ON_GIVEN = "agreed_on_given"
    AGREED_ON_OTHER = "agreed_on_other"
    AGREED_ON_PROBLEM = "agreed_on_problem"
    ADJUDICATED = "adjudicated"
    TOO_FEW_VOTES = "too_few_votes"
    TIE = "tie"
    SPLIT = "split"


@dataclass(frozen=True, slots=True)
class QuorumVote:
    """One person's answer: a label, or what is wrong with the question, or both."""

    reviewer: str
    label: str | None = None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QuorumPolicy:
    """`quorum` agreeing votes decide; at most `max_votes` people are asked before adjudicators are."""

    quorum: int = 2
    max_votes: int = 3
    adjudicators: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.quorum < 1:
            raise ValueError(f"quorum is {self.quorum}: at least one vote must be asked for")
        if self.max_votes < self.quorum:
            raise ValueError(f"max_votes is {self.max_votes}: fewer than the quorum of {self.quorum}")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do now. `wanted_votes` is the number of distinct answers to collect in all."""

    outcome: Outcome
    label: str | None
    wanted_votes: int
    reason: Reason
    params: tuple[tuple[str, str | int], ...] = ()


_Position = tuple[str, str]  # ("label", name) or ("problem", name)


def decide(votes: Sequence[QuorumVote], given: str, policy: QuorumPolicy) -> Verdict:
    """The verdict on one question; the order of votes does not matter.

    A vote with a problem counts for that problem and not for its label: the reviewer says that no single
    label answers the question. Each of several problems named counts. Abstentions (neither) are not votes.

    Raises
    ------
    ValueError
        If a reviewer has several votes: the caller decides which one counts.
    """
    _refuse_repeated([vote.reviewer for vote in votes])
    stated = [vote for vote in votes if _positions(vote)]
    support = Counter(position for vote in stated for position in _positions(vote))
    agreed = _leaders(support, policy.quorum)
    if len(agreed) == 1:
        return _settled(agreed[0], support[agreed[0]], given, len(stated))
    judge = _adjudication(stated, policy.adjudicators)
    if judge is not None and (agreed or len(stated) >= policy.max_votes):
        return _adjudicated(judge, given, len(stated))
    return _open(support, len(stated), policy)


def _refuse_repeated(reviewers: Collection[str]) -> None:
    repeated = sorted(name for name, n in Counter(reviewers).items() if n > 1)
    if repeated:
        raise ValueError(f"{repeated[0]} has several votes: pass one vote per reviewer")


def _positions(vote: QuorumVote) -> tuple[_Position, ...]:
    if vote.problems:
        return tuple(("problem", problem) for problem in dict.fromkeys(vote.problems))
    return () if vote.label is None else (("label", vote.label),)


def _leaders(support: Counter[_Position], quorum: int) -> list[_Position]:
    """The positions with the most votes, where that is a quorum."""
    most = max(support.values(), default=0)
    return sorted(position for position, n in support.items() if n == most) if most >= quorum else []


def _settled(position: _Position, n_agreeing: int, given: str, n_votes: int) -> Verdict:
    kind, name = position
    params = (("agreeing", n_agreeing), ("votes", n_votes))
    if kind == "problem":
        said = (("problem", name), *params)
        return Verdict(Outcome.UNRESOLVED, None, n_votes, Reason.AGREED_ON_PROBLEM, said)
    if name == given:
        return Verdict(Outcome.REJECT, name, n_votes, Reason.AGREED_ON_GIVEN, params)
    return Verdict(Outcome.ACCEPT, name, n_votes, Reason.AGREED_ON_OTHER, params)


def _adjudication(votes: Sequence[QuorumVote], adjudicators: frozenset[str]) -> _Position | None:
    """What the adjudicators who answered say, if they say one thing."""
    said = {position for vote in votes if vote.reviewer in adjudicators for position in _positions(vote)}
    return said.pop() if len(said) == 1 else None


def _adjudicated(position: _Position, given: str, n_votes: int) -> Verdict:
    verdict = _settled(position, 1, given, n_votes)
    params = (("votes", n_votes), *(pair for pair in verdict.params if pair[0] == "problem"))
    return Verdict(verdict.outcome, verdict.label, n_votes, Reason.ADJUDICATED, params)


def _open(support: Counter[_Position], n_votes: int, policy: QuorumPolicy) -> Verdict:
    """No quorum, or two of them: ask on while that can help, then an adjudicator, then give up."""
    params = (("votes", n_votes), ("positions", len(support)))
    if n_votes < policy.quorum:
        return Verdict(Outcome.ASK_MORE, None, policy.quorum, Reason.TOO_FEW_VOTES, params)
    if n_votes < policy.max_votes:
        return Verdict(Outcome.ASK_MORE, None, n_votes + 1, Reason.TIE, params)
    if policy.adjudicators and n_votes == policy.max_votes:
        return Verdict(Outcome.ESCALATE, None, n_votes + 1, Reason.SPLIT, params)
    return Verdict(Outcome.UNRESOLVED, None, n_votes, Reason.SPLIT, params)
