"""Undo one correction, with the same care with which it was made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from connector import wording
from connector.errors import Conflict, Rejected
from connector.model import Correction, CorrectionState, Project, WriteRecord
from connector.model.jobs import JobKind
from connector.model.lanes import job
from connector.model.reasons import NotWritten, coded
from connector.store.unit_of_work import UnitOfWork
from workers.context import Context, Summary
from workers.label_types.registry import kind_of
from workers.sync.items import absorb_items
from workers.sync.undone import look_at_undone
from workers.write_back.corrections import bears, give_up_waiting, release_waiting
from workers.write_back.orders import order_for


def handle(context: Context) -> Summary:
    with context.read() as unit:
        correction = unit.corrections.get(str(context.job.payload["correction"]))
    if correction is None or correction.state is not CorrectionState.REVERTING:
        return {"correction": context.job.payload["correction"], "done": False}
    try:
        why_not = _undo(context, correction)
    except (Conflict, Rejected) as error:
        _refuse(context, correction, str(error))
        return {"correction": correction.id, "conflict": str(error)}
    if why_not is not None:
        return {"correction": correction.id, "not_restored": wording.reason_text(why_not)}
    return {"correction": correction.id, "restored": correction.given}


def _undo(context: Context, correction: Correction) -> str | None:
    """Take away what we wrote; why the item does not carry its label of before all the same, if so."""
    project = context.project
    with context.read() as unit:
        order = order_for(unit, correction, context.installation)
    record = WriteRecord(correction.remote_id or "", correction.before or {}, correction.after or {})
    context.source.revert(order, record)
    items = context.source.fetch([order.item.remote_id])
    with context.begin() as unit:
        absorb_items(unit, project, items, ours=context.installations, own_write=True)
        unit.corrections.reverted(correction.id)  # first: what the item carries depends on it
        why_not = _why_not_restored(unit, project, correction, [one.created_at for one in items])
        if why_not is not None:
            unit.corrections.set_state(correction.id, CorrectionState.REVERTED, why_not)
        look_at_undone(unit, project, items, [correction.item_id])
        withdrawn = unit.notes.withdraw_of_issue(correction.issue_id) if bears(unit, correction) else 0
        release_waiting(unit, correction)
        detail: dict[str, Any] = {
            "given": correction.given,
            "label": correction.label,
            "notes_withdrawn": withdrawn,
        }
        if why_not is not None:
            detail["not_restored"] = wording.reason_text(why_not)
        actor = str(context.job.payload.get("actor", "secondlook"))
        unit.audit.append(actor, "correction.reverted", correction.id, detail, project.name)
        if withdrawn:
            unit.enqueue(job(JobKind.GUIDELINES, project.id))
    return why_not


def _why_not_restored(
    unit: UnitOfWork, project: Project, correction: Correction, created: Sequence[datetime]
) -> str | None:
    """Nothing of ours stands any more; that the label is the one of before is another matter."""
    if unit.items.ref(correction.item_id).created_at not in created:
        return NotWritten.ITEM_DELETED
    now = next(iter(unit.items.labelled(project.id, [correction.item_id])), None)
    if now is not None and kind_of(project.schema).carries(now.label, correction.given):
        return None
    return coded(NotWritten.OTHER_LABEL, now=None if now is None else now.label)


def _refuse(context: Context, correction: Correction, reason: str) -> None:
    """Someone changed what we wrote: it stays applied, and the reason stands beside it."""
    with context.begin() as unit:
        unit.corrections.set_state(
            correction.id, CorrectionState.APPLIED, coded(NotWritten.NOT_REVERTED, said=reason)
        )
        give_up_waiting(unit, correction, context.project.name)
        detail = {"reason": reason}
        unit.audit.append(
            "secondlook", "correction.revert_refused", correction.id, detail, context.project.name
        )
