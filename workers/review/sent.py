"""Review tasks that stand on the platform are recorded as sent."""

from __future__ import annotations

from collections.abc import Mapping

from connector.model import ReviewState
from connector.model.jobs import JobKind
from connector.model.lanes import job
from workers.context import Context
from workers.review.question import usual_votes


def mark_pushed(context: Context, remote_ids: Mapping[str, str], *, reread: bool) -> int:
    """Record where the tasks stand; `reread` where answers may have come before we knew.

    Only of tasks that still wait for it: one that was withdrawn while it was sent stays withdrawn.
    """
    project, quorum = context.project, usual_votes(context.settings.review)
    with context.begin() as unit:
        tasks = unit.reviews.many(list(remote_ids))
        waiting = {key: task for key, task in tasks.items() if task.state is ReviewState.PLANNED}
        if not waiting:
            return 0
        unit.reviews.pushed({key: remote_ids[key] for key in waiting}, quorum)
        unit.issues.start_review([task.issue_id for task in waiting.values()])
        detail = {"tasks": sorted(waiting)}
        unit.audit.append("secondlook", "reviews.pushed", project.name, detail, project.name)
        if reread:
            unit.projects.set_review_cursor(project.id, None)
            unit.enqueue(job(JobKind.COLLECT, project.id))
    return len(waiting)
