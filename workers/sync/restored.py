"""A platform that was restored from an older backup: what it says now is believed, though it is older."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from workers.context import Context
from workers.sync.items import absorb_items

FETCH_AT_ONCE = 100


def went_back(context: Context) -> bool:
    """Whether an item that changed last is older on the platform now, which no poll for changes shows."""
    with context.read() as unit:
        remote_ids = unit.items.newest(context.project.id, FETCH_AT_ONCE)
    items = context.source.fetch(remote_ids)
    with context.begin() as unit:
        older = absorb_items(unit, context.project, items).older
    return believe_older(context, older) > 0


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
            absorb_items(unit, context.project, items)
            if back:
                detail = {"items": len(back)}
                name = context.project.name
                unit.audit.append("platform", "items.restored", name, detail, name)
        believed += len(back)
    return believed
