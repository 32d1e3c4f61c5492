"""Calibration questions: what their first answers would have decided, and what all answers say."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from connector.model import Issue, Outcome, Vote
from connector.store.repositories.quality import STATED, StatedCount
from workers.consensus.shares import Conclusion, End, believe, conclude
from workers.decide.ballots import Ballots
from workers.decide.shares import CrowdRules, drawn, stored_answers

OUTCOMES = {End.CHANGE: Outcome.ACCEPT, End.KEEP: Outcome.REJECT}
UNKNOWN = (End.ASK, End.ENOUGH, End.UNRESOLVED)  # all answers together say nothing either


def early_decisions(
    answered: Sequence[tuple[Issue, Sequence[Vote]]],
    rules: CrowdRules,
    weights: Mapping[str, float],
    ballots: Ballots,
) -> list[StatedCount]:
    """Decisions that the first answers would have made, counted as those that were made.

    `answered` are questions with their votes in the order in which they came. `overturned` are those that all
    answers together decide otherwise; questions on which nobody was asked further say nothing.
    """
    n: Counter[tuple[Outcome, int]] = Counter()
    stated: defaultdict[tuple[Outcome, int], float] = defaultdict(float)
    overturned: Counter[tuple[Outcome, int]] = Counter()
    for issue, votes in answered:
        if len(votes) < rules.calibration_votes or drawn(votes[0].review_key) >= rules.calibration_share:
            continue
        ends = [_concluded(issue, votes[: k + 1], rules, weights, ballots) for k in range(len(votes))]
        early = next((k for k, end in enumerate(ends) if end.end in OUTCOMES), len(votes))
        if early >= len(votes) - 1 or ends[-1].end in UNKNOWN:
            continue
        first, last = ends[early], ends[-1]
        key = OUTCOMES[first.end], _band(first.probability)
        n[key] += 1
        stated[key] += first.probability
        overturned[key] += (first.end, first.position) != (last.end, last.position)
    return [StatedCount(*key, n[key], stated[key], overturned[key]) for key in sorted(n)]


def _concluded(
    issue: Issue,
    votes: Sequence[Vote],
    rules: CrowdRules,
    weights: Mapping[str, float],
    ballots: Ballots,
) -> Conclusion:
    """By the usual policy, as if the question had not been drawn."""
    counts, asked = stored_answers(issue, votes, ballots, weights, rules.own_weight)
    belief = believe(counts, rules.prior.weights(ballots.path(issue)))
    return conclude(counts, belief, rules.policy, asked=asked)


def _band(probability: float) -> int:
    return next((k for k, high in enumerate(STATED) if probability < high), len(STATED) - 1)
