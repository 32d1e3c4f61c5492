"""When enough people have answered, and what follows from their answers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from workers.consensus.ballot import ROUNDING, Ballot, Position, QuorumVote, ballot_of

CRITICAL_QUORUM = 3  # of classes marked critical that have no quorum of their own


class QuorumOutcome(StrEnum):
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
    PROBABLE = "probable"  # no quorum yet, but the probability is beyond the demanded one
    ADJUDICATED = "adjudicated"
    TOO_FEW_VOTES = "too_few_votes"
    TIE = "tie"
    SPLIT = "split"
    NOT_UNANIMOUS = "not_unanimous"  # about a critical class
    UNSURE = "unsure"  # a quorum, but the probability is below the demanded one
    OVERDUE = "overdue"
    DISPUTED = "disputed"  # decided and reopened too often
    MOST_WOULD_CHANGE = "most_would_change"  # most of the crowd, asked without end, by rule of shares
    MOST_WOULD_KEEP = "most_would_keep"
    TORN = "torn"  # no label is likely to have a majority of the crowd
    LITTLE_CHANCE = "little_chance"  # that asking on changes the label, for the votes that it would take


@dataclass(frozen=True, slots=True)
class QuorumPolicy:
    """`quorum` agreeing votes decide; at most `max_votes` people are asked before adjudicators are.

    A class in `class_quorum` has a quorum of its own; about a class in `critical` all must agree. Both hold
    for changes to the class and away from it. With `confidence` a decision also needs that probability, and
    after `min_votes` that probability is enough, except for classes with a rule of their own. Problems in
    `inconclusive` are no answer: the reviewer cannot tell.
    """

    quorum: int = 2
    max_votes: int = 3
    adjudicators: frozenset[str] = frozenset()
    min_votes: int = 1
    class_quorum: Mapping[str, int] = field(default_factory=dict)
    critical: frozenset[str] = frozenset()
    confidence: float | None = None
    inconclusive: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.quorum < 1 or min(self.class_quorum.values(), default=1) < 1:
            raise ValueError(f"quorum is {self.quorum}: at least one vote must be asked for")
        if self.max_votes < self.quorum:
            raise ValueError(f"max_votes is {self.max_votes}: fewer than the quorum of {self.quorum}")
        if not 1 <= self.min_votes <= self.max_votes:
            raise ValueError(f"min_votes is {self.min_votes}: give a number from 1 to {self.max_votes}")
        if self.confidence is not None and not 0 < self.confidence < 1:
            raise ValueError(f"confidence is {self.confidence}: give a probability between 0 and 1")

    def quorum_of(self, label: str) -> int:
        """How many must agree on a change to this class, or away from it."""
        least = max(self.quorum, CRITICAL_QUORUM) if label in self.critical else self.quorum
        return self.class_quorum.get(label, least)

    def quorum_about(self, labels: Collection[str]) -> int:
        """How many must agree on a question about several classes."""
        return max((self.quorum_of(label) for label in labels), default=self.quorum)

    def first_votes(self, labels: Collection[str]) -> int:
        """How many to ask at first: one by one where a probability may decide, else a quorum."""
        if self.confidence is not None and not self.has_rule(labels):
            return self.min_votes
        return max(self.quorum_about(labels), self.min_votes)

    def has_rule(self, labels: Collection[str]) -> bool:
        return any(label in self.critical or label in self.class_quorum for label in labels)


@dataclass(frozen=True, slots=True)
class Situation:
    """What else bears on a decision: weights of reviewers, probabilities of labels, and how things stand."""

    weights: Mapping[str, float] = field(default_factory=dict)
    probabilities: Mapping[str, float] | None = None
    escalated: bool = False  # an adjudicator was asked: what they say is final
    overdue: bool = False  # nobody is to be waited for any longer
    disputed: bool = False  # reopened so often that only an adjudicator can settle it


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do now. `wanted_votes` is the number of distinct answers to collect in all."""

    outcome: QuorumOutcome
    label: str | None
    wanted_votes: int
    reason: Reason
    params: tuple[tuple[str, str | int], ...] = ()

    @property
    def problem(self) -> str | None:
        """The problem that was agreed on, if it was one."""
        result = dict(self.params).get("problem")
        return None if result is None else str(result)


NOTHING_ELSE = Situation()


def decide(
    votes: Sequence[QuorumVote], given: str, policy: QuorumPolicy, situation: Situation = NOTHING_ELSE
) -> Verdict:
    """The verdict on one question; the order of votes does not matter.

    A vote with a problem counts for that problem and not for its label: the reviewer says that no single
    label answers the question. Each of several problems named counts. Abstentions (neither) are not votes.

    Raises
    ------
    ValueError
        If a reviewer has several votes: the caller decides which one counts. For a weight outside 0..1.
    """
    ballot = ballot_of(votes, situation.weights, policy.inconclusive)
    asked = OpenQuestion(ballot, given, policy, situation)
    ruling = only(ballot.positions_of(policy.adjudicators))
    if ruling is not None and (situation.escalated or situation.overdue):
        return asked.adjudicated(ruling)
    if situation.disputed and policy.adjudicators:
        return asked.open(None)
    agreed = asked.agreed()
    if agreed is not None and asked.is_probable(agreed):
        return asked.settled(agreed)
    clear = asked.clear()
    if clear is not None:
        return asked.settled(clear, Reason.PROBABLE)
    if ruling is not None and asked.is_exhausted():
        return asked.adjudicated(ruling)
    return asked.open(agreed)


def only(positions: set[Position]) -> Position | None:
    """What the adjudicators who answered say, if they say one thing."""
    return next(iter(positions)) if len(positions) == 1 else None


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A question with its votes and its rules, and what they allow to say of it."""

    ballot: Ballot
    given: str
    policy: QuorumPolicy
    situation: Situation

    @property
    def _labels(self) -> set[str]:
        return {self.given, *self.ballot.labels}

    @property
    def _most_votes(self) -> int:
        return max(self.policy.max_votes, self.policy.quorum_about(self._labels))

    def _contested(self) -> bool:
        """About a critical class, on which people differ: no further vote can make them unanimous."""
        return len(self.ballot.support) > 1 and bool(self.policy.critical & self._labels)

    def agreed(self) -> Position | None:
        """The position that has its quorum, if one stands out and no rule is against it."""
        leader = self.ballot.leader
        if leader is None or self._contested() or self.ballot.n_votes < self.policy.min_votes:
            return None
        named = {self.given, leader[1]} if leader[0] == "label" else {self.given}
        needed = self.policy.quorum_about(named)
        return leader if self.ballot.support[leader] > needed - ROUNDING else None

    def allows(self, position: Position) -> bool:
        """Whether the rules of classes of their own, if one is concerned, are met by this position."""
        named = {self.given, position[1]} if position[0] == "label" else {self.given}
        if not self.policy.has_rule(named):
            return True
        needed = self.policy.quorum_about(named)
        return not self._contested() and self.ballot.support.get(position, 0.0) > needed - ROUNDING

    def is_probable(self, position: Position) -> bool:
        demanded, result = self.policy.confidence, self.situation.probabilities
        if demanded is None or result is None or position[0] == "problem":
            return True
        return result.get(position[1], 0.0) >= demanded

    def clear(self) -> Position | None:
        """The label that is probable enough without a quorum."""
        result = self.situation.probabilities
        if self.policy.confidence is None or not result or self.ballot.names_problems:
            return None
        label = max(result, key=lambda name: result[name])
        if self.ballot.n_votes < self.policy.min_votes or label not in self.ballot.labels:
            return None
        if self.policy.has_rule({self.given, label}) or result[label] < self.policy.confidence:
            return None
        return ("label", label)

    def is_exhausted(self) -> bool:
        """Whether asking more people will not help: adjudicators decide."""
        tied = self.ballot.leader is None and bool(self.ballot.support)
        most = max(self.ballot.support.values(), default=0.0)
        two_quorums = tied and most > self.policy.quorum_about(self._labels) - ROUNDING
        return two_quorums or self._contested() or self.ballot.n_votes >= self._most_votes

    def settled(self, position: Position, reason: Reason | None = None) -> Verdict:
        kind, name = position
        n_votes = self.ballot.n_votes
        params = (("agreeing", self.ballot.n_for(position)), ("votes", n_votes))
        if kind == "problem":
            details = (("problem", name), *params)
            return Verdict(
                QuorumOutcome.UNRESOLVED, None, n_votes, reason or Reason.AGREED_ON_PROBLEM, details
            )
        if name == self.given:
            return Verdict(QuorumOutcome.REJECT, name, n_votes, reason or Reason.AGREED_ON_GIVEN, params)
        return Verdict(QuorumOutcome.ACCEPT, name, n_votes, reason or Reason.AGREED_ON_OTHER, params)

    def adjudicated(self, position: Position) -> Verdict:
        return self.settled(position, Reason.ADJUDICATED)

    def open(self, agreed: Position | None, *, ended: Reason | None = None) -> Verdict:
        """Nothing is settled: ask on while that can help, then an adjudicator, then give up.

        `ended` is why ordinary reviewers are asked no further, where the votes so far say so.
        """
        n_votes = self.ballot.n_votes
        params = (("votes", n_votes), ("positions", len(self.ballot.support)))
        if ended is None and not self._contested() and not self._is_closed():
            first = self.policy.first_votes(self._labels)
            if n_votes < first:
                return Verdict(QuorumOutcome.ASK_MORE, None, first, Reason.TOO_FEW_VOTES, params)
            if n_votes < self._most_votes:
                return Verdict(QuorumOutcome.ASK_MORE, None, n_votes + 1, Reason.TIE, params)
        reason = self._why_open(agreed) if ended is None or self._is_closed() else ended
        judged = bool(self.ballot.positions_of(self.policy.adjudicators))
        if self.policy.adjudicators and not judged:
            return Verdict(QuorumOutcome.ESCALATE, None, n_votes + 1, reason, params)
        return Verdict(QuorumOutcome.UNRESOLVED, None, n_votes, reason, params)

    def _is_closed(self) -> bool:
        """Whether ordinary reviewers are not asked any more."""
        return self.situation.overdue or self.situation.escalated or self.situation.disputed

    def _why_open(self, agreed: Position | None) -> Reason:
        if self.situation.disputed:
            return Reason.DISPUTED
        if self._contested():
            return Reason.NOT_UNANIMOUS
        if agreed is not None:
            return Reason.UNSURE
        return Reason.OVERDUE if self.ballot.n_votes < self._most_votes else Reason.SPLIT
