"""Consensus: votes in, frozen decisions out."""

from workers.consensus.majority import majority
from workers.consensus.quorum import Outcome, QuorumPolicy, QuorumVote, Reason, Verdict, decide
from workers.consensus.votes import Consensus, InvalidVotes, Votes

__all__ = [
    "Consensus",
    "InvalidVotes",
    "Outcome",
    "QuorumPolicy",
    "QuorumVote",
    "Reason",
    "Verdict",
    "Votes",
    "decide",
    "majority",
]
