"""What the answers of a project show of its crowd: learned from all votes, kept with a version, made anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping

from connector.model import IssueKind, Project, Vote
from connector.model.jobs import JobKind
from connector.model.lanes import job
from connector.store.unit_of_work import UnitOfWork
from workers.consensus.ballot import QuorumVote
from workers.consensus.shares import AnswerSet, GroupPath, SharePrior, fit
from workers.decide.shares import counted_answers, weights_with_own
from workers.review.quality.crowd import KnownCrowd, crowd_fact, stored, written
from workers.review.quality.repairs import group_path
from workers.review.votes import bearing

LEARN_EVERY = 10  # votes; of many a tenth. Second votes on a question say most: whether people agree


def learn(
    unit: UnitOfWork,
    project: Project,
    weights: Mapping[str, float],
    person_of: Callable[[str], str],
    inconclusive: frozenset[str],
    *,
    own: bool = False,
) -> tuple[SharePrior, int]:
    """What is known of the project's crowd and the version of it, learned anew when enough was answered."""
    known = stored(unit, project)
    votes = unit.votes.counted(project.id)
    if known is not None and abs(votes - known.votes) < max(LEARN_EVERY, known.votes // 10):
        return known.prior, known.version
    if known is None and votes < LEARN_EVERY:
        return SharePrior(), 0
    prior = fit(_answers(unit, project, weights, person_of, inconclusive, own=own))
    version = 1 if known is None else known.version + 1
    unit.facts.put(crowd_fact(project), written(KnownCrowd(prior, version, votes)))
    unit.reviews.mark_answered_undecided(project.id)  # votes may suffice now that did not
    unit.enqueue(job(JobKind.PUSH, project.id))  # questions may change places
    asked = {"questions": int(prior.asked), "votes": votes}
    detail = {"version": version, **asked, "changing": round(prior.changing, 4)}
    unit.audit.append("secondlook", "crowd.learned", project.name, detail, project.name)
    return prior, version


def _answers(
    unit: UnitOfWork,
    project: Project,
    weights: Mapping[str, float],
    person_of: Callable[[str], str],
    inconclusive: frozenset[str],
    *,
    own: bool,
) -> list[tuple[GroupPath, AnswerSet]]:
    said: defaultdict[str, list[Vote]] = defaultdict(list)
    for issue_id, vote in unit.votes.stated(project.id):
        said[issue_id].append(vote)
    answered = []
    for name, issue in sorted(unit.issues.many(sorted(said)).items()):
        votes = bearing(said[name], person_of, own=own)
        ballot = [quorum_vote(vote, person_of) for vote in votes]
        weighed = weights_with_own(votes, weights, person_of)
        if issue.kind is not IssueKind.GOLDEN:
            counts, _ = counted_answers(issue, ballot, weighed, person_of, inconclusive)
            answered.append((group_path(issue), counts.answers))
    return answered


def quorum_vote(vote: Vote, person_of: Callable[[str], str]) -> QuorumVote:
    """A stored vote as the rules of consensus take it."""
    problems = tuple(problem.value for problem in vote.problems)
    return QuorumVote(person_of(vote.reviewer), vote.label, problems)
