"""Compare the full set of ids with the platform's, to find what deltas and webhooks never show."""

from __future__ import annotations

from connector.jobs import JobKind
from connector.model import ItemRef
from workers.absorb import absorb_items, release_stale_issues
from workers.context import Context, Summary
from workers.plan import job

FETCH_AT_ONCE = 100


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
    for start in range(0, len(missing), FETCH_AT_ONCE):
        items = context.source.fetch(missing[start : start + FETCH_AT_ONCE])
        with context.begin() as unit:
            absorb_items(unit, context.project, items)
    with context.begin() as unit:
        unit.projects.reconciled(context.project.id)
        if missing:
            unit.enqueue(job(JobKind.SYNC, context.project.id))
    return {"seen": seen, "fetched": len(missing), "deleted": deleted}


def _delete_confirmed(context: Context, unseen: dict[str, tuple[int, ItemRef]]) -> int:
    """Mark items as deleted that were in the store, not in the listing, and not to be fetched either.

    The second look matters: an item made or moved while the listing ran must not be lost.
    """
    remote_ids = list(unseen)
    deleted: list[int] = []
    for start in range(0, len(remote_ids), FETCH_AT_ONCE):
        part = remote_ids[start : start + FETCH_AT_ONCE]
        found = {(item.remote_id, item.created_at) for item in context.source.fetch(part)}
        for remote_id in part:
            item_id, ref = unseen[remote_id]
            if (remote_id, ref.created_at) not in found:
                deleted.append(item_id)
    if deleted:
        with context.begin() as unit:
            unit.items.mark_deleted(deleted)
            release_stale_issues(unit, context.project, deleted)
            unit.audit.append(
                "platform",
                "items.deleted",
                context.project.name,
                {"count": len(deleted)},
                context.project.name,
            )
    return len(deleted)
