"""What the answers of a project show of its crowd: learned from all votes, kept with a version, made anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from connector.config.project import ReviewSettings
from connector.model import Issue, IssueKind, Project, Vote
from connector.model.jobs import JobKind
from connector.model.lanes import job
from connector.store.unit_of_work import UnitOfWork
from workers.consensus.ballot import QuorumVote
from workers.consensus.shares import AnswerSet, GroupPath, SharePrior, fit
from workers.decide.ballots import Ballots
from workers.decide.checked import early_decisions
from workers.decide.shares import crowd_rules, stored_answers
from workers.review.quality.crowd import KnownCrowd, last_version, stored, written
from workers.review.quality.crowd_name import crowd_fact
from workers.review.quality.own_answers import AnsweredTwice, own_weight
from workers.review.votes import bearing, is_own

LEARN_EVERY = 10  # votes; of many a tenth. Second votes on a question say most: whether people agree


def learn(
    unit: UnitOfWork,
    project: Project,
    weights: Mapping[str, float],
    ballots: Ballots,
    review: ReviewSettings,
) -> KnownCrowd:
    """What is known of the project's crowd, learned anew when enough was answered."""
    known, own = stored(unit, project), review.counts_own
    votes = unit.votes.counted(project.id, own=own)
    if known is not None and abs(votes - known.votes) < max(LEARN_EVERY, known.votes // 10):
        return known
    if known is None and votes < LEARN_EVERY:
        return KnownCrowd(SharePrior(), 0, 0)
    answered = _answered(unit, project, ballots.person_of, own=own)
    worth = own_weight(answered_twice(issue, votes, ballots) for issue, votes in answered)
    prior = fit(_answers(answered, weights, ballots, worth))
    before = KnownCrowd(SharePrior(), 0, 0) if known is None else known
    checked = early_decisions(answered, crowd_rules(review, before), weights, ballots)
    version = last_version(unit, project) + 1
    people = {ballots.person_of(vote.reviewer) for _, each in answered for vote in each}
    repeated = sum(len(each) > 1 for _, each in answered)
    crowd = KnownCrowd(prior, version, votes, worth, tuple(checked), len(people), repeated)
    unit.facts.put(crowd_fact(project), written(crowd))
    unit.reviews.mark_answered_undecided(project.id)  # votes may suffice now that did not
    unit.enqueue(job(JobKind.PUSH, project.id))  # questions may change places
    asked = {"questions": int(prior.asked), "votes": votes}
    detail = {"version": version, **asked, "changing": round(prior.changing, 4)}
    detail |= {"own_weight": round(worth, 2)} if own else {}
    unit.audit.append("secondlook", "crowd.learned", project.name, detail, project.name)
    return crowd


def _answered(
    unit: UnitOfWork, project: Project, person_of: Callable[[str], str], *, own: bool
) -> list[tuple[Issue, list[Vote]]]:
    """All questions but golden ones, with the votes that bear their decision."""
    by_issue: defaultdict[str, list[Vote]] = defaultdict(list)
    for issue_id, vote in unit.votes.stated(project.id):
        by_issue[issue_id].append(vote)
    issues = sorted(unit.issues.many(sorted(by_issue)).items())
    return [
        (issue, bearing(by_issue[name], person_of, own=own))
        for name, issue in issues
        if issue.kind is not IssueKind.GOLDEN
    ]


def _answers(
    answered: Sequence[tuple[Issue, Sequence[Vote]]],
    weights: Mapping[str, float],
    ballots: Ballots,
    worth: float,
) -> list[tuple[GroupPath, AnswerSet]]:
    return [
        (ballots.path(issue), stored_answers(issue, votes, ballots, weights, worth)[0].answers)
        for issue, votes in answered
    ]


def answered_twice(issue: Issue, votes: Sequence[Vote], ballots: Ballots) -> AnsweredTwice:
    """Own answers and others' to one question, and how many of each speak against the given label.

    Those that mean it do not: a rating within a step of it, say.
    """
    cast = list(zip(votes, ballots.cast(issue, votes), strict=True))
    own = [_is_against(issue, one) for vote, one in cast if is_own(vote)]
    others = [_is_against(issue, one) for vote, one in cast if not is_own(vote)]
    return AnsweredTwice(len(own), sum(own), len(others), sum(others))


def _is_against(issue: Issue, ballot: QuorumVote) -> bool:
    return bool(ballot.problems) or ballot.label != issue.given
