"""What a person does with an open question: have more people asked, or end it without an answer."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from connector.errors import Conflict, NotFound
from connector.model import Decision, Issue, IssueKind, IssueState, Outcome, Project
from connector.model.jobs import JobKind
from connector.model.lanes import job
from connector.model.reasons import CLOSED_BY, coded
from connector.store.unit_of_work import UnitOfWork
from connector.wording import number_of, reason_text

ASKED = (IssueState.OPEN, IssueState.IN_REVIEW)
MOST_PEOPLE = 50  # that one question is put to


def ask_one_more(unit: UnitOfWork, project: Project, issue_id: str, by: str) -> int:
    """Have one more person answer a question; how many are asked now.

    Raises
    ------
    NotFound
        The project has no such question.
    Conflict
        It is not asked (any more), or so many are asked already.
    """
    issue = _asked(unit, project, issue_id)
    task = unit.reviews.of_issues([issue.id]).get(issue.id)
    if task is None:
        raise Conflict(f"question {issue.id} has no review task yet")
    if task.overlap >= MOST_PEOPLE:
        raise Conflict(f"{number_of(task.overlap, 'person is', 'people are')} asked already")
    unit.overlaps.want(task.key, task.overlap + 1)
    unit.audit.append(by, "question.one_more", issue.id, {"asked": task.overlap + 1}, project.name)
    unit.enqueue(job(JobKind.PUSH, project.id))
    return task.overlap + 1


def escalate(unit: UnitOfWork, project: Project, issue_id: str, by: str, adjudicators: Sequence[str]) -> None:
    """Have an adjudicator settle a question: what they say is final, as where reviewers could not agree.

    Raises
    ------
    NotFound
        The project has no such question.
    Conflict
        Nobody is named as adjudicator, it is not asked (any more), or an adjudicator is asked already.
    """
    if not adjudicators:
        raise Conflict(
            f"nobody is named as adjudicator: set projects.{project.name}.review.adjudicators to accounts"
        )
    issue = _asked(unit, project, issue_id)
    task = unit.reviews.of_issues([issue.id]).get(issue.id)
    if task is None:
        raise Conflict(f"question {issue.id} has no review task yet")
    if task.escalated_at is not None:
        raise Conflict(f"an adjudicator is asked about question {issue.id} already")
    cast = [vote for vote in unit.votes.of([task.key]).get(task.key, ()) if not vote.withdrawn]
    unit.reviews.escalate(task.key)
    unit.overlaps.want(task.key, max(task.overlap, len(cast) + 1))
    unit.reviews.mark_undecided([task.key])  # an adjudicator may have answered before
    unit.audit.append(by, "question.escalated", issue.id, {"answers": len(cast)}, project.name)
    unit.enqueue(job(JobKind.PUSH, project.id))
    unit.enqueue(job(JobKind.DECIDE, project.id))


def close(unit: UnitOfWork, project: Project, issue_id: str, by: str) -> None:
    """End a question unresolved: the label stays as it is, and is not asked about again.

    Raises
    ------
    NotFound
        The project has no such question.
    Conflict
        It is not asked (any more), or what an earlier decision wrote for it stands.
    """
    issue = _asked(unit, project, issue_id)
    if unit.corrections.standing([issue.id]):
        raise Conflict(f"what was written for question {issue.id} stands: take that correction back first")
    reason = coded(CLOSED_BY, by=by)
    decision = Decision(str(uuid.uuid4()), issue.id, Outcome.UNRESOLVED, None, reason, (), unit.now)
    unit.issues.decide(decision)
    unit.issues.set_state([issue.id], IssueState.UNRESOLVED, reason)
    unit.label_events.note([issue.id])
    unit.reviews.withdraw([task.key for task in unit.reviews.of_issues([issue.id]).values()])
    unit.audit.append(by, "question.closed", issue.id, {"reason": reason_text(reason)}, project.name)
    unit.enqueue(job(JobKind.PUSH, project.id))  # its task goes, and a place in the queue is free


def _asked(unit: UnitOfWork, project: Project, issue_id: str) -> Issue:
    issue = unit.issues.get(issue_id)
    if issue is None or issue.project_id != project.id:
        raise NotFound(f"project {project.name!r} has no question {issue_id}")
    if issue.state not in ASKED:
        raise Conflict(f"question {issue_id} is {issue.state.value} now")
    if issue.kind is IssueKind.GOLDEN:
        raise Conflict(f"question {issue_id} is golden: it measures people, and ends with their answers")
    return issue
