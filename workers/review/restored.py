"""A review project that was restored from an older backup: its tasks are older than they were, or gone."""

from __future__ import annotations

from collections.abc import Sequence

from connector.model import Project, ReviewState, ReviewTask
from connector.model.jobs import JobKind
from connector.model.lanes import job
from workers.context import Context
from workers.review.release import release_lost_reviews

LOOKED_AT = 10  # of the tasks that changed last: people may have answered some of them since
EXPECTED = (
    ReviewState.PUSHED,
    ReviewState.DECIDED,
)  # to be there; others are deleted where that is how it is done


def answers_went_back(context: Context, project: Project, review_id: str) -> bool:
    """Have all answers read again where those that changed last are older now: no poll for changes shows it.

    The same for tasks that are gone: questions that nobody can answer there any more are let go of.
    """
    with context.read() as unit:
        tasks = unit.reviews.newest(project.id, LOOKED_AT)
    if not tasks:
        return False
    older, gone = _compared(context, review_id, tasks)
    with context.begin() as unit:
        now = unit.reviews.many([task.key for task in gone])
        gone = [task for task in now.values() if task.state in EXPECTED]
        if not older and not gone:
            return False
        unit.reviews.forget_changes(project.id)
        unit.projects.set_review_cursor(project.id, None)
        release_lost_reviews(unit, project, [task for task in gone if task.state is ReviewState.PUSHED])
        if older:
            detail = {"tasks": len(older)}
            unit.audit.append("platform", "answers.restored", project.name, detail, project.name)
        unit.enqueue(job(JobKind.RECONCILE, project.id))  # and a push, which sees to the project itself
    return True


def _compared(
    context: Context, review_id: str, tasks: Sequence[ReviewTask]
) -> tuple[list[ReviewTask], list[ReviewTask]]:
    """Those that are older on the platform than they were when they were read, and those that are gone.

    A number that is another task's now has another key.
    """
    page = context.desk.fetch_answers(review_id, [task.remote_id for task in tasks if task.remote_id])
    stamps = {(each.key, each.remote_task_id): each.changed_at for each in page.reviews}
    here = [(task, stamps[key]) for task in tasks if (key := (task.key, task.remote_id or "")) in stamps]
    older = [task for task, stamp in here if task.changed_at is not None and stamp < task.changed_at]
    standing = {task.key for task, _ in here}
    return older, [task for task in tasks if task.key not in standing]
