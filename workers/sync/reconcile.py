"""Compare the full sets of ids with the platform's, to find what deltas and webhooks never show."""

from __future__ import annotations

from datetime import timedelta

from connector.model import IssueState, ItemRef, ReviewState, ReviewTask
from connector.model.jobs import JobKind
from connector.model.lanes import job
from connector.store.unit_of_work import UnitOfWork
from workers.context import Context, Summary
from workers.review.release import release_lost_reviews
from workers.sync.items import absorb_items, fetch_again
from workers.sync.restored import went_back

FETCH_AT_ONCE = 100
LOOKED_AFTER = timedelta(days=30)  # how long after a write its item is read again at each comparison


def handle(context: Context) -> Summary:
    with context.read() as unit:
        stored = unit.items.refs(context.project.id)
    missing: list[str] = []
    seen = 0
    for refs in context.source.item_refs():
        for ref in refs:
            known = stored.get(ref.remote_id)
            if known is not None and known[1] == ref:
                del stored[ref.remote_id]
            else:
                missing.append(ref.remote_id)
        seen += len(refs)
        context.progress(seen, None, "tasks")
    deleted = _delete_confirmed(context, stored)
    fetch_again(context, missing)
    _look_at_written(context)
    restored = went_back(context, FETCH_AT_ONCE)
    lost = _look_for_deleted_tasks(context)
    with context.begin() as unit:
        unit.projects.reconciled(context.project.id)
        if restored:
            unit.enqueue(job(JobKind.SYNC, context.project.id, {"full": True}))
        elif missing:
            unit.enqueue(job(JobKind.SYNC, context.project.id))
        if lost or _is_asking(unit, context.project.id):
            # Also looks whether the review project is still as we said.
            unit.enqueue(job(JobKind.PUSH, context.project.id))
    return {"seen": seen, "fetched": len(missing), "deleted": deleted, "reviews_lost": lost}


def _is_asking(unit: UnitOfWork, project_id: int) -> bool:
    return ReviewState.PUSHED in unit.reviews.counts(project_id)


def _look_at_written(context: Context) -> None:
    """Read the items again that we wrote to lately: a late write may have moved no stamp that we saw."""
    with context.read() as unit:
        written = unit.corrections.items_written_since(context.project.id, unit.now - LOOKED_AFTER)
    fetch_again(context, written)


def _look_for_deleted_tasks(context: Context) -> int:
    """Give up review tasks that someone deleted on the platform: no answer will ever come."""
    project = context.fresh_project()
    if project.review_remote_id is None:
        return 0
    with context.read() as unit:
        asked = [i.id for i in unit.issues.active(project.id) if i.state is IssueState.IN_REVIEW]
        tasks = [task for task in unit.reviews.of_issues(asked).values() if task.remote_id is not None]
    lost: list[ReviewTask] = []
    for start in range(0, len(tasks), FETCH_AT_ONCE):
        part = tasks[start : start + FETCH_AT_ONCE]
        answers = context.desk.fetch_answers(
            project.review_remote_id, [task.remote_id or "" for task in part]
        )
        present = {review.key for review in answers.reviews}
        lost += [task for task in part if task.key not in present]
    with context.begin() as unit:
        now = unit.reviews.many([task.key for task in lost])
        lost = [task for task in now.values() if task.state is ReviewState.PUSHED]
        release_lost_reviews(unit, project, lost)
    return len(lost)


def _delete_confirmed(context: Context, unseen: dict[str, tuple[int, ItemRef]]) -> int:
    """Mark items as deleted that were in the store, not in the listing, and not to be fetched either.

    The second look matters: an item made or moved while the listing ran must not be lost.
    """
    remote_ids = list(unseen)
    deleted: list[int] = []
    for start in range(0, len(remote_ids), FETCH_AT_ONCE):
        part = remote_ids[start : start + FETCH_AT_ONCE]
        result = {(item.remote_id, item.created_at) for item in context.source.fetch(part)}
        for remote_id in part:
            item_id, ref = unseen[remote_id]
            if (remote_id, ref.created_at) not in result:
                deleted.append(item_id)
    if deleted:
        with context.begin() as unit:
            absorb_items(unit, context.project, (), ours=context.installations, gone=deleted)
            unit.audit.append(
                "platform",
                "items.deleted",
                context.project.name,
                {"count": len(deleted)},
                context.project.name,
            )
    return len(deleted)
