"""How many labels a vote on a question is expected to repair, by what is known of the crowd."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from connector.config.project import ReviewSettings
from connector.model import Issue
from workers.consensus.arrays import Floats
from workers.consensus.shares import (
    GroupPath,
    SharePolicy,
    SharePrior,
    expected,
    odds_of,
    path_of,
    policy_for,
)
from workers.consensus.shares.rule import CHANGE_CONFIDENCE, MOST_CHANGE_CONFIDENCE
from workers.issues.arrays import Rows
from workers.issues.learning import learned_order
from workers.label_types.base import LabelType
from workers.review.quality.harm import NO_HARM, Harm


def share_policy(review: ReviewSettings, prior: SharePrior, harm: Harm = NO_HARM) -> SharePolicy:
    """How sure decisions must be, as the settings and what was learned so far have it.

    Where more changes were overturned than their probabilities allow for, changes must be as sure as can be
    demanded.
    """
    chosen = review.change_confidence or CHANGE_CONFIDENCE
    base = SharePolicy(
        change_confidence=max(chosen, MOST_CHANGE_CONFIDENCE) if harm.exceeds else chosen,
        keep_confidence=review.keep_confidence,
        min_votes=review.min_votes,
        max_votes=review.most_votes,
    )
    # A confidence that is set states outright how sure a change must be, unless a limit is set beside it.
    limited = review.change_confidence is None or "harm_limit" in review.model_fields_set
    harm_limit = review.harm_limit if limited else None
    return policy_for(prior, base, harm_limit=harm_limit, votes=review.votes_per_question)


def group_path(issue: Issue, kind: LabelType) -> GroupPath:
    """What was known of the question before anyone was asked; `kind` says what such questions share."""
    given = issue.evidence.given_probability
    odds = None if given is None else odds_of(given, issue.probability)
    return path_of(issue.kind.value, *kind.pooled(issue.given, issue.suggested), odds)


def repairs_per_vote(paths: Sequence[GroupPath], prior: SharePrior, policy: SharePolicy) -> Floats:
    """(N,) from 0: of questions that nobody has answered, the labels rightly changed for each vote asked.

    Groups of which nothing more is known than of wider ones are worth the same to the bit, so that they tie.
    """
    by_weights: dict[bytes, float] = {}
    by_path: dict[GroupPath, float] = {}
    for path in set(paths):
        weights = prior.weights(path)
        known = weights.tobytes()
        if known not in by_weights:
            outlook = expected(weights, policy)
            by_weights[known] = float(outlook.repaired[0] / outlook.votes[0])
        by_path[path] = by_weights[known]
    return np.array([by_path[path] for path in paths], dtype=np.float64)


def repairs_lost(people: int, prior: SharePrior, policy: SharePolicy) -> float:
    """The share, 0..1, of the labels that more people than these would rightly change."""
    weights = prior.weights()
    all_of_them = float(expected(weights, policy).repaired[0])
    return 1 - float(expected(weights, policy, people).repaired[0]) / all_of_them if all_of_them else 0.0


def order_of_worth(repairs: Floats, precision: Floats) -> Rows:
    """The order to ask in: by repairs for each vote, what ties by the precision expected of its flags.

    Parameters
    ----------
    repairs, precision : (N,) float
        Of flags, most suspicious first; what ties in both keeps its order.

    Returns
    -------
    (N,) int
        Each row once. Each fifth place goes to the most suspicious flag that is left, as in `learned_order`.
    """
    if not len(repairs):
        return np.empty(0, dtype=np.intp)
    _, place = np.unique(np.column_stack([repairs, precision]), axis=0, return_inverse=True)
    return learned_order(place.reshape(-1).astype(np.float64))
