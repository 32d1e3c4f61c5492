"""What the votes on a question come to, by the project's rules and by what is known of the people."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from connector.model import (
    Correction,
    Decision,
    Issue,
    LabelledItem,
    LabelSchema,
    PersonSnapshot,
    Problem,
    ReviewTask,
    Vote,
)
from connector.store.unit_of_work import UnitOfWork
from workers.consensus.active import active_score
from workers.consensus.ballot import LEAST_WEIGHT, QuorumVote
from workers.consensus.posterior import Prior, Trust, measured_accuracy, posterior, skill
from workers.consensus.quorum import QuorumPolicy, Situation, Verdict, decide
from workers.consensus.shares.verdict import verdict_by_shares
from workers.context import Context
from workers.decide.ballots import Ballots
from workers.decide.dispositions import LEADS_TO
from workers.decide.learned import learn
from workers.decide.shares import CrowdRules, crowd_rules, weights_with_own
from workers.label_types.registry import kind_of
from workers.review.quality.fairness import rare_classes
from workers.review.quality.harm import harm_of
from workers.review.quality.own_answers import OWN_WEIGHT
from workers.review.question import quorum_policy
from workers.review.votes import bearing

Person = Callable[[str], str]


@dataclass(frozen=True)
class Case:
    """One question with everything that bears on it now.

    `current` is the label that the item carries, None where it is gone; `standing` the correction of this
    issue that is written, or may be just now.
    """

    task: ReviewTask
    issue: Issue
    votes: Sequence[Vote]
    current: LabelledItem | None
    standing: Correction | None
    reopened: int  # how often a decision was taken off it
    counted: Sequence[Vote]  # that bear a decision, those about one's own label too where they count
    carries: Callable[[str, str], bool] = operator.eq  # whether a label has what a question is about
    # Or is as a correction of the given label to another leaves it.
    follows: Callable[[str, str, str], bool] = lambda label, _, part: label == part

    @property
    def author(self) -> str | None:
        """Who gave the label in question, as far as it still stands."""
        here = self.current is not None and self.current.annotation_id == self.issue.annotation_id
        return self.current.annotator if here and self.current is not None else None

    @property
    def asks_about_the_label(self) -> bool:
        """Whether the item still carries the label in question, or what this issue made of it."""
        given, now, ours = self.issue.given, self.current, self.standing
        if now is None:
            return False
        return self.carries(now.label, given) or (
            ours is not None and self.follows(now.label, given, ours.label)
        )


def case_of(unit: UnitOfWork, task: ReviewTask, issue: Issue, rules: DecisionRules) -> Case:
    votes = unit.votes.of([task.key])[task.key]
    return Case(
        task=task,
        issue=issue,
        votes=votes,
        counted=bearing(votes, rules.person_of, own=rules.counts_own),
        current=next(iter(unit.items.labelled(issue.project_id, [issue.item_id])), None),
        standing=unit.corrections.standing([issue.id]).get(issue.id),
        reopened=sum(1 for one in unit.issues.decisions_of(issue.id) if one.superseded_at is not None),
        carries=kind_of(rules.schema).carries,
        follows=kind_of(rules.schema).follows,
    )


@dataclass(frozen=True, slots=True)
class WeighedVerdict:
    """A verdict, how probable each label is, and what one more vote is worth (lowest: most)."""

    verdict: Verdict
    probabilities: Mapping[str, float]
    score: float
    held: bool = False  # what it changes waits for a person

    @property
    def probability(self) -> float | None:
        """Of the label decided on."""
        return None if self.verdict.label is None else self.probabilities.get(self.verdict.label)

    def confirms(self, decision: Decision, problem: str | None) -> bool:
        """Whether the votes come to what was decided; `problem` is the one that it was about, if any."""
        now = self.verdict.outcome.value, self.verdict.label
        leads = self.verdict.problem if self.verdict.problem in LEADS_TO else None
        return now == (decision.outcome.value, decision.label) and leads == problem


@dataclass(frozen=True)
class DecisionRules:
    """What one run of deciding goes by."""

    policy: QuorumPolicy
    schema: LabelSchema | None
    trust: Trust
    model_accuracy: float
    person_of: Person
    reopen_limit: int
    deadline: timedelta | None = None
    crowd: CrowdRules | None = None  # None: counted votes decide

    def weigh(self, case: Case, now: datetime) -> WeighedVerdict:
        """The verdict on a question as things stand now."""
        task, issue = case.task, case.issue
        ballot = self.ballots.cast(issue, case.counted)
        names = self._names(ballot, issue)
        weights = self.weights_of(case)
        situation = Situation(
            weights=weights,
            escalated=task.escalated_at is not None,
            overdue=self._is_overdue(task, now),
            disputed=case.reopened > self.reopen_limit,
        )
        if self.crowd is None:
            probabilities = self._probabilities(ballot, issue, case.author, names)
            weighed = replace(situation, probabilities=probabilities)
            verdict = decide(ballot, issue.given, self.policy, weighed)
        else:
            conclusion, probabilities = self.crowd.weigh(
                task.key, issue, ballot, weights, self.ballots, self.policy.inconclusive
            )
            torn = Problem.AMBIGUOUS.value
            verdict = verdict_by_shares(ballot, issue.given, self.policy, situation, conclusion, torn)
        held = self.crowd is not None and self.crowd.holds_changes
        return WeighedVerdict(verdict, probabilities, self._score(ballot, probabilities, len(names)), held)

    @property
    def counts_own(self) -> bool:
        return self.crowd is not None and self.crowd.counts_own

    def weights_of(self, case: Case) -> Mapping[str, float]:
        """What each vote counts for."""
        worth = OWN_WEIGHT if self.crowd is None else self.crowd.own_weight
        return weights_with_own(case.counted, self.trust.weight, self.person_of, worth)

    @property
    def ballots(self) -> Ballots:
        return Ballots(self.schema, self.person_of, self.policy.quorum)

    def _names(self, ballot: Sequence[QuorumVote], issue: Issue) -> tuple[str, ...]:
        """The labels among which the probability is shared."""
        seen = {issue.given, issue.suggested, *(one.label for one in ballot if one.label is not None)}
        return () if self.schema is None else kind_of(self.schema).names(self.schema, seen)

    def _is_overdue(self, task: ReviewTask, now: datetime) -> bool:
        if self.deadline is None or task.asked_at is None:
            return False
        return now - task.asked_at > self.deadline

    def _probabilities(
        self, ballot: Sequence[QuorumVote], issue: Issue, author: str | None, names: Sequence[str]
    ) -> dict[str, float]:
        person = None if author is None else self.person_of(author)
        prior = Prior(issue.given, person, _opinion_of_the_model(issue), self.model_accuracy)
        return posterior(ballot, names, prior, self.trust)

    def _score(self, ballot: Sequence[QuorumVote], probabilities: Mapping[str, float], n_names: int) -> float:
        """ActiveLab's, with what is known of the people as their weights."""
        n_classes = max(n_names, 2)
        people = [self.trust.accuracy.get(vote.reviewer, self.trust.usual) for vote in ballot]
        behind = sum(skill(one, n_classes) for one in [*people, self.model_accuracy])
        usual = max(skill(self.trust.usual, n_classes), LEAST_WEIGHT)
        quality = max(probabilities.values(), default=1.0)
        return float(active_score(quality, behind, usual, n_classes))


def rules_for(context: Context, unit: UnitOfWork) -> DecisionRules:
    """The rules of a project, with what was measured so far of its people, its model and its crowd."""
    project, review = context.fresh_project(), context.settings.review
    person_of = context.settings.reviewers.person_of
    right, n = unit.issues.suggestions_confirmed(project.id)
    quality = context.settings.quality
    rare = dict.fromkeys(rare_classes(unit, project, quality), quality.rare_quorum)
    trust, crowd = trust_in(unit.people.latest(project.id)), None
    policy = quorum_policy(review, person_of, rare)
    if review.by_shares:
        ballots = Ballots(project.schema, person_of, policy.quorum)
        known = learn(unit, project, trust.weight, ballots, review)
        crowd = crowd_rules(review, known, harm_of(unit, project))
    return DecisionRules(
        policy=policy,
        schema=project.schema,
        trust=trust,
        model_accuracy=measured_accuracy(right, n),
        person_of=person_of,
        reopen_limit=review.reopen_limit,
        deadline=None if review.deadline_hours is None else timedelta(hours=review.deadline_hours),
        crowd=crowd,
    )


def trust_in(people: Mapping[str, PersonSnapshot]) -> Trust:
    """What was last measured of each person, as the policy takes it."""
    measured = {name: one for name, one in people.items() if one.answers}
    return Trust(
        weight={name: one.weight for name, one in measured.items()},
        accuracy={name: one.mean for name, one in measured.items()},
        by_class={
            (name, label): mean for name, one in measured.items() for label, mean, *_ in one.detail.classes
        },
    )


def _opinion_of_the_model(issue: Issue) -> dict[str, float]:
    """The probabilities that were kept with the issue: of the labels that matter, not of all."""
    known = dict(issue.evidence.near) | {issue.suggested: issue.probability}
    given = issue.evidence.given_probability
    return known if given is None else known | {issue.given: given}
