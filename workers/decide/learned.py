"""What the answers of a project show of its crowd: learned from all votes, kept with a version, made anew."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping

import numpy as np

from connector.model import IssueKind, Project, Vote
from connector.store.unit_of_work import UnitOfWork
from workers.consensus.ballot import QuorumVote
from workers.consensus.shares import AnswerSet, GroupPath, SharePrior, fit
from workers.consensus.shares.components import COMPONENTS
from workers.consensus.shares.prior import GroupCounts
from workers.decide.shares import counted_answers, group_path, weights_with_own
from workers.review.votes import bearing

LEARN_EVERY = 10  # answered questions; of many a tenth of them
FORM = 2  # of what is stored: another form, or other components, is learned anew


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
    stored = _stored(unit, project)
    answered = unit.votes.answered(project.id)
    if stored is not None and abs(answered - stored[2]) < max(LEARN_EVERY, stored[2] // 10):
        return stored[0], stored[1]
    if stored is None and answered < LEARN_EVERY:
        return SharePrior(), 0
    prior = fit(_answers(unit, project, weights, person_of, inconclusive, own=own))
    version = 1 if stored is None else stored[1] + 1
    unit.facts.put(_fact(project), _written(prior, version, answered))
    unit.reviews.mark_answered_undecided(project.id)  # votes may suffice now that did not
    detail = {"version": version, "questions": answered, "changing": round(prior.changing, 4)}
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


def _fact(project: Project) -> str:
    return f"crowd:{project.id}"


def _written(prior: SharePrior, version: int, answered: int) -> str:
    groups = [[list(path), one.n, one.kinds.tolist()] for path, one in prior.groups.items()]
    components = [one.name for one in COMPONENTS]
    kept = {"version": version, "answered": answered, "start": prior.start.tolist(), "groups": groups}
    return json.dumps({"form": FORM, "components": components, **kept})


def _stored(unit: UnitOfWork, project: Project) -> tuple[SharePrior, int, int] | None:
    text = unit.facts.get(_fact(project))
    kept = {} if text is None else json.loads(text)
    if kept.get("form") != FORM or kept.get("components") != [one.name for one in COMPONENTS]:
        return None
    groups = {tuple(path): GroupCounts(n, np.array(kinds)) for path, n, kinds in kept["groups"]}
    return SharePrior(groups, np.array(kept["start"])), int(kept["version"]), int(kept["answered"])
