"""Corrections that somebody's open page has undone: it saved the regions that it had shown before."""

from __future__ import annotations

from collections.abc import Collection

from connector import wording
from connector.model import CorrectionState, Project
from connector.model.reasons import NotWritten
from connector.store.unit_of_work import UnitOfWork
from workers.label_types.registry import kind_of


def close_put_back(unit: UnitOfWork, project: Project, item_ids: Collection[int]) -> int:
    """Make conflicts of in-place corrections whose given region stands again; a person sees them.

    Nothing is written once more: whoever saved the page may have meant it. How many there were.
    """
    kind = kind_of(project.schema)
    applied = unit.corrections.applied_in_place(project.id, sorted(item_ids)) if kind.in_parts else []
    if not applied:
        return 0
    now = {one.item_id: one.label for one in unit.items.labelled(project.id, sorted(item_ids))}
    undone = [
        one
        for one in applied
        if one.item_id in now
        and kind.carries(now[one.item_id], one.given)
        and not kind.carries(now[one.item_id], one.label)
    ]
    for one in undone:
        unit.corrections.set_state(one.id, CorrectionState.CONFLICT, NotWritten.PUT_BACK)
        detail = {"reason": wording.reason_text(NotWritten.PUT_BACK)}
        unit.audit.append("secondlook", "correction.conflict", one.id, detail, project.name)
    return len(undone)
