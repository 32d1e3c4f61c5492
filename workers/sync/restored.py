"""A platform that was restored from an older backup: what it says now is believed, though it is older."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from connector.model import Item
from connector.model.jobs import JobKind
from connector.model.lanes import job
from workers.context import Context
from workers.sync.items import FETCH_AT_ONCE, absorb_items


def went_back(context: Context) -> bool:
    """Whether an item that changed last is older on the platform now, which no poll for changes shows."""
    with context.read() as unit:
        remote_ids = unit.items.newest(context.project.id, FETCH_AT_ONCE)
    items = context.source.fetch(remote_ids)
    with context.begin() as unit:
        older = absorb_items(unit, context.project, items, ours=context.installations).older
    return believe_older(context, older) > 0


def newest_went_back(context: Context) -> bool:
    """The same for the one item that the last poll saw as the newest: cheap enough for every poll.

    Where that item is gone, or its number is another's, all ids are compared.
    """
    fact = _newest_fact(context.project.id)
    with context.read() as unit:
        remote_id, created, stamp = json.loads(unit.facts.get(fact) or "[null, null, null]")
    if remote_id is None:
        return False
    same = [one for one in context.source.fetch([remote_id]) if one.created_at.isoformat() == created]
    if same:
        return same[0].updated_at < datetime.fromisoformat(stamp)
    with context.begin() as unit:
        unit.facts.drop(fact)
        unit.enqueue(job(JobKind.RECONCILE, context.project.id))
    return False


def remember_newest(context: Context, newest: Item | None) -> None:
    """Note down the item by which the next poll sees whether the platform's data went back."""
    if newest is None:
        return
    with context.begin() as unit:
        held = [newest.remote_id, newest.created_at.isoformat(), newest.updated_at.isoformat()]
        unit.facts.put(_newest_fact(context.project.id), json.dumps(held))


def believe_older(context: Context, older: Mapping[str, datetime]) -> int:
    """Store items as the platform has them now that a full pass saw older than they are stored; how many.

    They are fetched again, because a page may have been read before somebody's change came by webhook; an
    item that is stored anew while this runs is left as it is.
    """
    believed, remote_ids = 0, sorted(older)
    for start in range(0, len(remote_ids), FETCH_AT_ONCE):
        items = context.source.fetch(remote_ids[start : start + FETCH_AT_ONCE])
        back = [item for item in items if item.updated_at < older[item.remote_id]]
        with context.begin() as unit:
            unit.items.rewind(context.project.id, back, older)
            absorb_items(unit, context.project, items, ours=context.installations, restored=bool(back))
            if back:
                detail = {"items": len(back)}
                name = context.project.name
                unit.audit.append("platform", "items.restored", name, detail, name)
                unit.facts.put(_restored_fact(context.project.id), "")
        believed += len(back)
    return believed


def look_after_corrections(context: Context) -> int:
    """After a restore: have each written correction looked for on the platform; how many.

    All answers are read again too: those that came back have stamps that the cursor has passed. The review
    project is made anew where it was not there yet.
    """
    fact, project_id = _restored_fact(context.project.id), context.project.id
    with context.begin() as unit:
        if unit.facts.get(fact) is None:
            return 0
        standing = unit.corrections.standing_on_items(project_id)
        for one in standing:
            unit.enqueue(job(JobKind.WRITEBACK, project_id, {"correction": one.id}))
        unit.projects.set_review_cursor(project_id, None)
        unit.enqueue(job(JobKind.PUSH, project_id))
        unit.enqueue(job(JobKind.COLLECT, project_id))
        unit.facts.drop(fact)
    return len(standing)


def _newest_fact(project_id: int) -> str:
    return f"newest_item:{project_id}"


def _restored_fact(project_id: int) -> str:
    return f"restored:{project_id}"
