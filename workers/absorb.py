"""Taking in what a platform said, whichever way it came: by webhook, polling or after a write."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from connector import wording
from connector.jobs import JobKind
from connector.model import (
    IssueState,
    Item,
    Project,
    ReviewSnapshot,
    ReviewState,
    ReviewTask,
    Vote,
)
from connector.store.repositories.items import PageChange
from connector.store.unit_of_work import UnitOfWork
from workers.counting import count_answers
from workers.plan import job


def absorb_items(
    unit: UnitOfWork,
    project: Project,
    items: Sequence[Item],
    *,
    gone: Sequence[int] = (),
    own_write: bool = False,
) -> PageChange:
    """Store items as they are now, let go of issues that they answer, and have what changed judged.

    `gone` are our ids of items that the platform has no more. Changed labels count towards the next scan,
    unless we have just written them ourselves.
    """
    change = unit.items.apply(project.id, items)
    unit.items.mark_deleted(gone)
    release_stale_issues(unit, project, {*change.relabelled, *gone})
    # The project's row comes last, for whoever holds it makes all others that store items wait.
    if change.relabelled and not own_write:
        unit.projects.add_changes(project.id, len(change.relabelled))
    if unit.label_events.append(project.id, {*change.relabelled, *change.repredicted, *gone}):
        unit.enqueue(job(JobKind.JUDGE, project.id))
    return change


def release_stale_issues(unit: UnitOfWork, project: Project, item_ids: Iterable[int]) -> int:
    """Close the active issues of these items whose label is not the one that was flagged any more."""
    active = unit.issues.active(project.id, list(item_ids))
    if not active:
        return 0
    current = {one.item_id: one for one in unit.items.labelled(project.id, list(active))}
    written = unit.corrections.standing([issue.id for issue in active.values()])
    changed, gone = [], []
    for item_id, issue in active.items():
        now = current.get(item_id)
        if now is None:
            gone.append(issue.id)
        # A question that was reopened is about the given label still, whatever we wrote for it meanwhile.
        elif now.label != issue.given and (issue.id not in written or now.label != written[issue.id].label):
            changed.append(issue.id)
    _close_stale(unit, project, changed, wording.LABEL_CHANGED)
    _close_stale(unit, project, gone, wording.ITEM_GONE)
    return len(changed) + len(gone)


def release_classless_issues(unit: UnitOfWork, project: Project, classes: Collection[str]) -> int:
    """Close the active issues that ask about a class which the labelling config does not have any more."""
    lost = [
        issue.id
        for issue in unit.issues.active(project.id).values()
        if issue.given not in classes or issue.suggested not in classes
    ]
    _close_stale(unit, project, lost, wording.CLASS_GONE)
    return len(lost)


def release_reviews(unit: UnitOfWork, project: Project, tasks: Sequence[ReviewTask], reason: str) -> None:
    """Close the issues of review tasks that nobody can answer; a later scan may ask again."""
    unit.issues.set_state([task.issue_id for task in tasks], IssueState.STALE, reason)
    unit.reviews.set_state([task.key for task in tasks], ReviewState.WITHDRAWN)
    for task in tasks:
        unit.audit.append("secondlook", "issue.stale", task.issue_id, {"reason": reason}, project.name)


def _close_stale(unit: UnitOfWork, project: Project, issue_ids: Sequence[str], reason: str) -> None:
    unit.issues.set_state(issue_ids, IssueState.STALE, reason)
    reviews = unit.reviews.of_issues(issue_ids)
    unit.reviews.withdraw([task.key for task in reviews.values()])
    for issue_id in issue_ids:
        unit.audit.append("secondlook", "issue.stale", issue_id, {"reason": reason}, project.name)
    if reviews:
        unit.enqueue(job(JobKind.PUSH, project.id))


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
    changed = 0
    for snapshot in snapshots:
        task = tasks.get(snapshot.key)
        if task is None or task.remote_id != snapshot.remote_task_id:
            continue  # not ours, or a double that the push is about to remove
        changed += _absorb_review(unit, project, task, snapshot, known[task.key], person_of)
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
        task.key, snapshot.answers, known, task.blind, own, project.schema.classes, person_of
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
    return len(changed)


def _vote_action(before: Vote | None, now: Vote) -> str:
    if now.withdrawn:
        return "vote.withdrawn"
    return "vote.given" if before is None else "vote.changed"
