"""A platform that was restored from an older backup: what it says now is believed, though it is older."""

from __future__ import annotations

from collections.abc import Mapping

from connector.model import ItemRef
from connector.model.jobs import JobKind
from connector.model.lanes import job
from connector.store.repositories.items import Stamps, still_older
from workers.context import Context
from workers.sync.items import FETCH_AT_ONCE, absorb_items

NEWEST_AT_POLL = 10  # people may have changed some of them since


def went_back(context: Context, look_at: int) -> bool:
    """Whether so many items that changed last are older on the platform now, which no poll for changes shows.

    Nothing is stored. Where one of them is gone, or its number is another's, all ids are compared.
    """
    with context.read() as unit:
        newest = unit.items.newest(context.project.id, look_at)
    items = context.source.fetch([ref.remote_id for ref in newest]) if newest else ()
    stamps = {ItemRef(item.remote_id, item.created_at): item.updated_at for item in items}
    if any(ref not in stamps for ref in newest):
        with context.begin() as unit:
            unit.enqueue(job(JobKind.RECONCILE, context.project.id))
    return any(ref in stamps and stamps[ref] < stamp for ref, stamp in newest.items())


def believe_older(context: Context, older: Mapping[str, Stamps]) -> int:
    """Store items as the platform has them now that a full pass saw older than they are stored; how many.

    They are fetched again, because a page may have been read before somebody's change came by webhook; what
    is stored anew while this runs is left as it is.
    """
    believed, remote_ids = 0, sorted(older)
    for start in range(0, len(remote_ids), FETCH_AT_ONCE):
        items = context.source.fetch(remote_ids[start : start + FETCH_AT_ONCE])
        still = {item.remote_id: still_older(item, older[item.remote_id]) for item in items}
        back = [item for item in items if still[item.remote_id]]
        with context.begin() as unit:
            unit.items.rewind(context.project.id, back, still)
            absorb_items(unit, context.project, items, ours=context.installations, restored=bool(back))
            if back:
                detail = {"items": len(back)}
                name = context.project.name
                unit.audit.append("platform", "items.restored", name, detail, name)
                unit.facts.put(_restored_fact(context.project.id), "")
        believed += len(back)
    return believed


def is_restored(context: Context) -> bool:
    """Whether the platform's data went back, and corrections were not looked after yet."""
    with context.read() as unit:
        return unit.facts.get(_restored_fact(context.project.id)) is not None


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


def _restored_fact(project_id: int) -> str:
    return f"restored:{project_id}"
