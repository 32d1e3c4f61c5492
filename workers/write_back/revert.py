"""Undo one correction, with the same care with which it was made."""

from __future__ import annotations

from connector.errors import Conflict, Rejected
from connector.model import Correction, CorrectionState, WriteRecord
from connector.model.jobs import JobKind
from connector.model.lanes import job
from connector.model.reasons import NotWritten, coded
from workers.context import Context, Summary
from workers.sync.items import absorb_items
from workers.write_back.corrections import bears, give_up_waiting, release_waiting
from workers.write_back.orders import order_for


def handle(context: Context) -> Summary:
    with context.read() as unit:
        correction = unit.corrections.get(str(context.job.payload["correction"]))
    if correction is None or correction.state is not CorrectionState.REVERTING:
        return {"correction": context.job.payload["correction"], "done": False}
    try:
        _undo(context, correction)
    except (Conflict, Rejected) as error:
        _refuse(context, correction, str(error))
        return {"correction": correction.id, "conflict": str(error)}
    return {"correction": correction.id, "restored": correction.given}


def _undo(context: Context, correction: Correction) -> None:
    project = context.project
    with context.read() as unit:
        order = order_for(unit, correction)
    record = WriteRecord(correction.remote_id or "", correction.before or {}, correction.after or {})
    context.source.revert(order, record)
    items = context.source.fetch([order.item.remote_id])
    with context.begin() as unit:
        unit.corrections.reverted(correction.id)
        absorb_items(unit, project, items, own_write=True)
        withdrawn = unit.notes.withdraw_of_issue(correction.issue_id) if bears(unit, correction) else 0
        release_waiting(unit, correction)
        detail = {"given": correction.given, "label": correction.label, "notes_withdrawn": withdrawn}
        actor = str(context.job.payload.get("actor", "secondlook"))
        unit.audit.append(actor, "correction.reverted", correction.id, detail, project.name)
        if withdrawn:
            unit.enqueue(job(JobKind.GUIDELINES, project.id))


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
