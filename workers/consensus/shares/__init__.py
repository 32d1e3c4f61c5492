"""Shares of the crowd: would most reviewers, asked without end, choose another label than the given one?

Votes are draws from the shares in which the crowd would answer; what such shares are like is learned from the
project's own answers. Nothing here knows what a label is: positions are opaque keys.
"""

from workers.consensus.shares.answers import AnswerSet, Counts, PositionRole, ShareVote, Terms, count
from workers.consensus.shares.belief import Belief, believe
from workers.consensus.shares.outlook import Expected, expected, policy_for
from workers.consensus.shares.paths import odds_of, path_of
from workers.consensus.shares.prior import GroupPath, SharePrior, fit
from workers.consensus.shares.rule import Conclusion, End, SharePolicy, conclude

__all__ = [
    "AnswerSet",
    "Belief",
    "Conclusion",
    "Counts",
    "End",
    "Expected",
    "GroupPath",
    "PositionRole",
    "SharePolicy",
    "SharePrior",
    "ShareVote",
    "Terms",
    "believe",
    "conclude",
    "count",
    "expected",
    "fit",
    "odds_of",
    "path_of",
    "policy_for",
]
