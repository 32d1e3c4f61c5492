"""From what the crowd would say to the verdict on a question; the rules of the project stand above it."""

from __future__ import annotations

from collections.abc import Sequence

from workers.consensus.ballot import Position, QuorumVote, ballot_of
from workers.consensus.quorum import (
    OpenQuestion,
    QuorumOutcome,
    QuorumPolicy,
    Reason,
    Situation,
    Verdict,
    only,
)
from workers.consensus.shares.rule import Conclusion, End

REASONS = {
    End.CHANGE: Reason.MOST_WOULD_CHANGE,
    End.KEEP: Reason.MOST_WOULD_KEEP,
    End.PROBLEM: Reason.AGREED_ON_PROBLEM,
}


def verdict_by_shares(
    votes: Sequence[QuorumVote],
    given: str,
    policy: QuorumPolicy,
    situation: Situation,
    conclusion: Conclusion,
    torn_is: str,
) -> Verdict:
    """The verdict on one question by the shares of the crowd.

    Adjudicators, deadlines, disputes and classes with a rule of their own keep their meaning: about such a
    class it is decided when its quorum is reached as well.

    Parameters
    ----------
    votes, given, policy, situation
        As of `decide`.
    conclusion
        Whose positions are those of the votes: ("label", name) or ("problem", name).
    torn_is
        The problem that an item has on which people are torn.

    Raises
    ------
    ValueError
        As `decide`.
    """
    asked = OpenQuestion(ballot_of(votes, situation.weights, policy.inconclusive), given, policy, situation)
    ruling = only(asked.ballot.positions_of(policy.adjudicators))
    if ruling is not None and (situation.escalated or situation.overdue):
        return asked.adjudicated(ruling)
    if situation.disputed and policy.adjudicators:
        return asked.open(None)
    position = _position(conclusion, given)
    if position is not None and asked.allows(position):
        return asked.settled(position, REASONS[conclusion.end])
    if conclusion.end is End.TORN:
        params = (("problem", torn_is), ("votes", asked.ballot.n_votes))
        return Verdict(QuorumOutcome.UNRESOLVED, None, asked.ballot.n_votes, Reason.TORN, params)
    if ruling is not None and asked.is_exhausted():
        return asked.adjudicated(ruling)
    return asked.open(None, ended=Reason.LITTLE_CHANCE if conclusion.end is End.ENOUGH else None)


def _position(conclusion: Conclusion, given: str) -> Position | None:
    if conclusion.end is End.KEEP:
        return ("label", given)
    if conclusion.end in (End.CHANGE, End.PROBLEM) and isinstance(conclusion.position, tuple):
        kind, name = conclusion.position
        return (str(kind), str(name))
    return None
