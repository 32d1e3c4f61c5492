"""What the votes on a question say of the crowd: its answers, and what they come to."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from connector.config.project import ReviewSettings
from connector.model import Issue, IssueKind, Problem, Vote
from workers.consensus.arrays import Floats
from workers.consensus.ballot import Position, QuorumVote
from workers.consensus.shares import (
    AnswerSet,
    Belief,
    Conclusion,
    Counts,
    Expected,
    SharePolicy,
    SharePrior,
    ShareVote,
    Terms,
    believe,
    conclude,
    count,
    expected,
)
from workers.decide.ballots import Ballots
from workers.review.quality.crowd import KnownCrowd
from workers.review.quality.harm import NO_HARM, Harm
from workers.review.quality.own_answers import OWN_WEIGHT
from workers.review.quality.repairs import share_policy
from workers.review.question import INCONCLUSIVE
from workers.review.votes import is_own

# Who labeled the item may have seen a prediction, or the label of another: such an answer is half a draw.
ORIGINAL_ERROR = 0.5
# Kinds of questions whose other annotators are kept with them; of the others the facts are other items.
WITH_ANNOTATORS = (IssueKind.LABEL_ERROR, IssueKind.CONTROL, IssueKind.DISAGREEMENT)
CALIBRATION_VOTES = 3  # or as many as there are people
# Questions that several have answered, against which the first of a project are weighed: most questions end
# with one answer, which does not tell people who know from people who guess.
FIRST_CALIBRATIONS = 5.0
PROBLEMS = frozenset(("problem", one.value) for one in Problem)


@dataclass(frozen=True, slots=True)
class CrowdRules:
    """How questions are decided by shares: what was learned, and how sure decisions must be."""

    policy: SharePolicy
    prior: SharePrior = field(default_factory=SharePrior)
    version: int = 0  # of the prior
    calibration_share: float = 0.0
    calibration_votes: int = CALIBRATION_VOTES
    holds_changes: bool = False  # a person looks at each
    counts_own: bool = False
    own_weight: float = OWN_WEIGHT
    outlooks: dict[bytes, Expected] = field(default_factory=dict, repr=False, compare=False)

    def weigh(
        self,
        key: str,
        issue: Issue,
        ballot: Sequence[QuorumVote],
        weights: Mapping[str, float],
        ballots: Ballots,
        inconclusive: frozenset[str],
    ) -> tuple[Conclusion, dict[str, float]]:
        """What the votes come to, and the probability of each named label that most would choose it.

        By the lot of its key a question is one of those that are asked further than would suffice.
        """
        suggested = ballots.suggested(issue, ballot)
        counts, asked = counted_answers(issue, ballot, weights, ballots.person_of, inconclusive, suggested)
        usual = self.prior.weights(ballots.path(issue))
        belief, policy = believe(counts, usual), self._policy_of(key)

        def worth(answers: AnswerSet) -> bool:
            return self._outlook(usual).worth(answers)

        conclusion = conclude(counts, belief, policy, asked=asked, worth=worth)
        return conclusion, {issue.given: belief.keep} | _labels(belief)

    def _outlook(self, weights: Floats) -> Expected:
        """What asking on comes to; a group's is kept, for it is the same for all of its questions."""
        kept = self.outlooks.get(weights.tobytes())
        if kept is None:
            kept = self.outlooks[weights.tobytes()] = expected(weights, self.policy)
        return kept

    def _policy_of(self, key: str) -> SharePolicy:
        if drawn(key) >= self.calibration_share:
            return self.policy
        least = max(self.policy.min_votes, min(self.calibration_votes, self.policy.max_votes))
        return replace(self.policy, min_votes=least)


def drawn(key: str) -> float:
    """A number from 0 to 1 that is drawn by a key, and always the same for it."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / 2**64


def calibration_share(review: ReviewSettings, known: KnownCrowd) -> float:
    """The share of questions that are asked further: all at first, and soon the one that is set; 0 is 0."""
    at_first = FIRST_CALIBRATIONS / (FIRST_CALIBRATIONS + known.repeated)
    return max(review.calibration_share, at_first) if review.calibration_share else 0.0


def crowd_rules(review: ReviewSettings, known: KnownCrowd, harm: Harm = NO_HARM) -> CrowdRules:
    """The rule of shares as the settings state it, with what was learned so far.

    Where more changes were overturned than their probabilities allow for, changes must be as sure as can be
    demanded, and are held besides.
    """
    return CrowdRules(
        share_policy(review, known.prior, harm),
        known.prior,
        known.version,
        calibration_share(review, known),
        min(CALIBRATION_VOTES, known.people or CALIBRATION_VOTES),
        holds_changes=harm.exceeds,
        counts_own=review.counts_own,
        own_weight=known.own_weight,
    )


def counted_answers(
    issue: Issue,
    ballot: Sequence[QuorumVote],
    weights: Mapping[str, float],
    person_of: Callable[[str], str],
    inconclusive: frozenset[str],
    suggested: str,
) -> tuple[Counts, int]:
    """The answers to a question, with those of its other annotators, and how many of them were asked for."""
    stated = [vote for vote in ballot if vote.positions and not _says_nothing(vote, inconclusive)]
    named = Counter(position for vote in stated for position in vote.positions)
    asked = [
        ShareVote(_leading(vote, named, inconclusive), 1 - weights.get(vote.reviewer, 1.0)) for vote in stated
    ]
    voted = {vote.reviewer for vote in ballot}
    originals = [
        ShareVote(("label", label), ORIGINAL_ERROR)
        for who, label in _other_annotations(issue)
        if person_of(who) not in voted
    ]
    terms = Terms(("label", issue.given), ("label", suggested), PROBLEMS)
    return count([*asked, *originals], terms), len(asked)


def stored_answers(
    issue: Issue, votes: Sequence[Vote], ballots: Ballots, weights: Mapping[str, float], own_weight: float
) -> tuple[Counts, int]:
    """`counted_answers` of votes as they are stored."""
    ballot, person_of = ballots.cast(issue, votes), ballots.person_of
    weighed = weights_with_own(votes, weights, person_of, own_weight)
    suggested = ballots.suggested(issue, ballot)
    return counted_answers(issue, ballot, weighed, person_of, INCONCLUSIVE, suggested)


def weights_with_own(
    votes: Sequence[Vote],
    weights: Mapping[str, float],
    person_of: Callable[[str], str],
    own_weight: float = OWN_WEIGHT,
) -> Mapping[str, float]:
    """What the votes of each person count for, of a question on which some had labeled the item."""
    own = {person_of(vote.reviewer) for vote in votes if is_own(vote)}
    return {**weights, **{who: min(weights.get(who, 1.0), own_weight) for who in own}}


def _says_nothing(vote: QuorumVote, inconclusive: frozenset[str]) -> bool:
    return bool(vote.problems) and set(vote.problems) <= inconclusive


def _leading(vote: QuorumVote, named: Mapping[Position, int], inconclusive: frozenset[str]) -> Position:
    """Of several problems that a vote names, the one that most votes name."""
    conclusive = [one for one in vote.positions if one[1] not in inconclusive or one[0] == "label"]
    return max(sorted(conclusive), key=lambda position: named[position])


def _other_annotations(issue: Issue) -> list[tuple[str, str]]:
    if issue.kind not in WITH_ANNOTATORS:
        return []
    return list(issue.evidence.others)


def _labels(belief: Belief) -> dict[str, float]:
    return {
        str(position[1]): probability
        for position, probability in belief.most.items()
        if isinstance(position, tuple) and position[0] == "label"
    }
