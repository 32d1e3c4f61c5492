"""The answers of review tasks, stored as votes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from connector.model import Project, ReviewSnapshot, ReviewState, ReviewTask, Vote
from connector.model.jobs import JobKind
from connector.model.lanes import job
from connector.store.unit_of_work import UnitOfWork
from workers.label_types.registry import ValidLabels
from workers.review.taking_back import is_taken_back, put_back
from workers.review.votes import count_answers


def absorb_answers(
    unit: UnitOfWork,
    project: Project,
    snapshots: Sequence[ReviewSnapshot],
    person_of: Callable[[str], str] = str,
) -> int:
    """Store the answers of these review tasks as votes; the number of votes that changed.

    `person_of` names the person behind an account.
    """
    tasks = unit.reviews.many([snapshot.key for snapshot in snapshots])
    known = unit.votes.of(list(tasks))
    changed, stamps = 0, {}
    for snapshot in snapshots:
        task = tasks.get(snapshot.key)
        if task is None or task.remote_id != snapshot.remote_task_id:
            continue  # not ours
        changed += _absorb_review(unit, project, task, snapshot, known[task.key], person_of)
        _hold_state(unit, project, task, snapshot)
        stamps[task.key] = snapshot.changed_at
    unit.reviews.changed(stamps)
    if changed:
        unit.enqueue(job(JobKind.DECIDE, project.id))
    return changed


def _absorb_review(
    unit: UnitOfWork,
    project: Project,
    task: ReviewTask,
    snapshot: ReviewSnapshot,
    known: Sequence[Vote],
    person_of: Callable[[str], str],
) -> int:
    issue = unit.issues.get(task.issue_id)
    if issue is None or project.schema is None:
        return 0
    own = unit.items.annotators_of(issue.item_id)
    votes = count_answers(
        task.key, snapshot.answers, known, task.blind, own, ValidLabels(project.schema), person_of
    )
    before = {vote.remote_id: vote for vote in known}
    changed = [vote for vote in votes if before.get(vote.remote_id) != vote]
    for vote in changed:
        unit.votes.save(vote)
        unit.audit.append(
            f"reviewer:{vote.reviewer}",
            _vote_action(before.get(vote.remote_id), vote),
            issue.id,
            {
                "answer": vote.remote_id,
                "label": vote.label,
                "problems": [problem.value for problem in vote.problems],
                "counted": vote.counted,
                "blind": vote.blind,
                "late": task.state is ReviewState.DECIDED,
            },
            project.name,
        )
    if changed and task.state in (ReviewState.PUSHED, ReviewState.DECIDED):
        unit.reviews.mark_undecided([task.key])
    if changed and task.state in (ReviewState.WITHDRAWING, ReviewState.WITHDRAWN) and is_taken_back(issue):
        put_back(unit, project, [task])  # answered in the moment in which it was taken back
    return len(changed)


def _hold_state(unit: UnitOfWork, project: Project, task: ReviewTask, snapshot: ReviewSnapshot) -> None:
    """Have the platform told again what a late request, or a restore, took back.

    With a lower overlap, or under the title of one that is withdrawn, the answer that is missing would never
    be asked for; a withdrawn task that is open again asks people for nothing.
    """
    asked = task.state is ReviewState.PUSHED
    if asked and snapshot.withdrawn:
        unit.overlaps.sent(task.key, 0)
    elif asked and snapshot.overlap is not None and snapshot.overlap < task.overlap_pushed:
        unit.overlaps.sent(task.key, snapshot.overlap)
    elif task.state is ReviewState.WITHDRAWN and snapshot.withdrawn is False:
        unit.reviews.set_state([task.key], ReviewState.WITHDRAWING)
    else:
        return
    unit.enqueue(job(JobKind.PUSH, project.id))


def _vote_action(before: Vote | None, now: Vote) -> str:
    if now.withdrawn:
        return "vote.withdrawn"
    return "vote.given" if before is None else "vote.changed"
