"""Unanswered questions that fell in the order: taken back, and better ones opened in their place."""

from __future__ import annotations

from collections.abc import Sequence

from connector.model import Issue, IssueKind, IssueState, Project, ReviewState, ReviewTask
from connector.model.jobs import JobKind
from connector.model.lanes import job
from connector.model.reasons import HeldBack
from connector.store.unit_of_work import UnitOfWork
from workers.context import Context
from workers.review.quality.asking import MOST_RANKED, next_to_ask
from workers.review.quality.crowd import stored
from workers.review.question import first_votes, review_task

AT_ONCE = 25  # so that the queue never turns over while people work in it


def take_back(context: Context, review_id: str) -> int:
    """Once for each time that something was learned of the crowd; how many questions changed places.

    Both in one transaction: what was taken back waits for a place again, and the push that follows, or the
    next one, tells the platform.
    """
    project, learned = context.project, _newly_learned(context)
    if learned is None:
        return 0
    with context.read() as unit:
        tasks = {task.issue_id: task for task in unit.reviews.unanswered_flags(project.id)}
        fallen, _ = _misplaced(context, unit, tasks)
    asked = [remote_id for one in fallen if (remote_id := tasks[one.id].remote_id) is not None]
    untouched = context.desk.untouched(review_id, asked) if asked else set()
    with context.begin() as unit:
        unit.facts.put(taken_back_fact(project.id), learned)
        now = {task.issue_id: task for task in unit.reviews.unanswered_flags(project.id)}
        fallen, better = _misplaced(context, unit, now)
        free = [one for one in fallen if now[one.id].remote_id in untouched]
        pairs = list(zip(free, better, strict=False))
        if pairs:
            _swap(context, unit, [now[one.id] for one, _ in pairs], [one for _, one in pairs])
    return len(pairs)


def put_back_touched(context: Context, review_id: str, tasks: Sequence[ReviewTask]) -> list[ReviewTask]:
    """Of tasks to be withdrawn those that may be: taken back ones that somebody has begun meanwhile stay."""
    with context.read() as unit:
        issues = unit.issues.many([task.issue_id for task in tasks])
    taken = [task for task in tasks if is_taken_back(issues[task.issue_id])]
    standing = [task.remote_id for task in taken if task.remote_id is not None]
    untouched = context.desk.untouched(review_id, standing) if standing else set()
    touched = {task.key for task in taken if task.remote_id is not None and task.remote_id not in untouched}
    with context.begin() as unit:
        put_back(unit, context.project, [task for task in taken if task.key in touched])
    return [task for task in tasks if task.key not in touched]


def put_back(unit: UnitOfWork, project: Project, tasks: Sequence[ReviewTask]) -> None:
    """Ask on where it stands, and open it where the platform was told to close it: somebody answers it."""
    if not tasks:
        return
    keys = [task.key for task in tasks]
    unit.reviews.set_state(keys, ReviewState.PUSHED)
    unit.reviews.mark_undecided(keys)
    for key in keys:
        unit.overlaps.sent(key, 0)
    unit.enqueue(job(JobKind.PUSH, project.id))
    unit.issues.set_state([task.issue_id for task in tasks], IssueState.IN_REVIEW)
    unit.label_events.note(task.issue_id for task in tasks)
    unit.audit.append("secondlook", "reviews.put_back", project.name, {"tasks": sorted(keys)}, project.name)
    unit.enqueue(job(JobKind.COLLECT, project.id))


def is_taken_back(issue: Issue) -> bool:
    """Whether the question waits for a place, though it had one."""
    return issue.state is IssueState.SUPPRESSED and issue.reason == HeldBack.BUDGET


def taken_back_fact(project_id: int) -> str:
    """The fact that tells by which version of what was learned questions changed places."""
    return f"taken_back:{project_id}"


def _newly_learned(context: Context) -> str | None:
    if not (context.settings.review.by_shares and context.settings.quality.learn_from_verdicts):
        return None
    with context.read() as unit:
        crowd = stored(unit, context.project)
        known = unit.facts.get(taken_back_fact(context.project.id))
    return None if crowd is None or known == str(crowd.version) else str(crowd.version)


def _misplaced(
    context: Context, unit: UnitOfWork, tasks: dict[str, ReviewTask]
) -> tuple[list[Issue], list[Issue]]:
    """Standing questions that should wait, least worth first, and waiting ones that should stand, best first.

    Places are given in the order in which all of them would be opened now.
    """
    project, review = context.project, context.settings.review
    waiting = unit.issues.waiting_for_budget(project.id, MOST_RANKED)
    flags = [one for one in waiting if one.kind is IssueKind.LABEL_ERROR]
    if not (tasks and flags):
        return [], []
    every = sorted([*unit.issues.many(sorted(tasks)).values(), *flags], key=lambda one: (one.rank, one.id))
    order = next_to_ask(unit, project, review, every, len(every))
    above, below = order[: len(tasks)], order[len(tasks) :]
    fallen = [one for one in reversed(below) if one.id in tasks]
    return fallen[:AT_ONCE], [one for one in above if one.id not in tasks]


def _swap(context: Context, unit: UnitOfWork, taken: Sequence[ReviewTask], opened: Sequence[Issue]) -> None:
    project, review = context.project, context.settings.review
    ids = [task.issue_id for task in taken]
    unit.reviews.withdraw([task.key for task in taken])
    unit.issues.set_state(ids, IssueState.SUPPRESSED, HeldBack.BUDGET)
    unit.issues.set_state([one.id for one in opened], IssueState.OPEN)
    unit.label_events.note([*ids, *(one.id for one in opened)])
    unit.reviews.plan([review_task(one, first_votes(review, one)) for one in opened])
    detail = {"taken_back": sorted(ids), "opened": sorted(one.id for one in opened)}
    unit.audit.append("secondlook", "reviews.taken_back", project.name, detail, project.name)
