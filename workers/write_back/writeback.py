"""Carry out one correction: read, journal, write, read again."""

from __future__ import annotations

from connector import wording
from connector.errors import Conflict, Rejected, Retryable
from connector.model import Correction, CorrectionState, WriteRecord
from connector.model.item_data import value_at
from connector.model.jobs import JobKind
from connector.model.lanes import job
from connector.model.reasons import NotWritten
from workers.context import Context, Summary
from workers.review.release import shown_of_asked
from workers.sync.items import absorb_items
from workers.sync.undone import look_at_undone
from workers.write_back.corrections import bears, is_decided, is_of_edited, is_wanted, release_waiting
from workers.write_back.orders import order_for
from workers.write_back.standing import adopt_unexpected, look_after


def handle(context: Context) -> Summary:
    with context.read() as unit:
        correction = unit.corrections.get(str(context.job.payload["correction"]))
    if correction is not None and correction.state is CorrectionState.APPLIED:
        return {"correction": correction.id, "done": False, **look_after(context, correction)}
    if correction is not None and correction.state in (CorrectionState.HELD, CorrectionState.CONFLICT):
        return {"correction": correction.id, "done": False, **adopt_unexpected(context, correction)}
    if correction is None or correction.state is not CorrectionState.PENDING:
        return {"correction": context.job.payload["correction"], "done": False}
    try:
        record = _write(context, correction)
        if record is None:
            return {"correction": correction.id, "done": False}
    except Conflict as error:
        _close(context, correction, CorrectionState.CONFLICT, str(error))
        return {"correction": correction.id, "conflict": wording.reason_text(str(error))}
    except Rejected as error:
        _close(context, correction, CorrectionState.FAILED, str(error))
        return {"correction": correction.id, "failed": str(error)}
    _journal(context, correction, record)
    return {"correction": correction.id, "given": correction.given, "label": correction.label}


def _write(context: Context, correction: Correction) -> WriteRecord | None:
    """Write unless an earlier try did; None where the decision was reopened before anything was written.

    What is replaced is journaled before anything is written. So where nothing is journaled nothing was
    written, unless our database was restored since: then the label is not the one that is expected.
    """
    with context.read() as unit:
        order = order_for(unit, correction, context.installation)
    done = context.source.find_write(order) if correction.before is not None else None
    if done is not None:
        return done
    _take_in_an_edit(context, order.item.remote_id)
    with context.read() as unit:
        decided, edited = is_decided(unit, correction), is_of_edited(unit, correction)
    if not decided:
        reason = NotWritten.ITEM_EDITED if edited else NotWritten.DECISION_WITHDRAWN
        _close(context, correction, CorrectionState.CANCELLED, reason)
        return None
    _wait_for_the_one_before(context, correction)
    try:
        before = context.source.prepare(order)
    except Conflict:
        done = context.source.find_write(order)
        if done is None:
            raise
        return done
    with context.begin() as unit:
        if not unit.corrections.prepared(correction.id, before):
            return None
    return context.source.write(order)


def _take_in_an_edit(context: Context, remote_id: str) -> None:
    """What people decided about may have been edited since, and no webhook has told us.

    What else has changed is left to the next sync: the adapter looks at the label itself.
    """
    items = context.source.fetch([remote_id])
    with context.read() as unit:
        shown = shown_of_asked(unit, context.project, [remote_id])
    if any(
        value_at(item.data, name) != was
        for item in items
        for of in shown.values()
        for name, was in of.items()
    ):
        with context.begin() as unit:
            absorb_items(unit, context.project, items, ours=context.installations)


def _wait_for_the_one_before(context: Context, correction: Correction) -> None:
    """A person may release a held correction while that of an earlier decision still stands."""
    with context.read() as unit:
        others = [
            one for one in unit.corrections.all_of_issue(correction.issue_id) if one.id != correction.id
        ]
    if any(one.state is CorrectionState.REVERTING for one in others):
        msg = "the correction before it is being taken back"
        raise Retryable(msg)
    if any(one.state is CorrectionState.APPLIED for one in others):
        raise Conflict(NotWritten.NOT_TAKEN_BACK)


def _journal(context: Context, correction: Correction, record: WriteRecord) -> None:
    project = context.project
    with context.read() as unit:
        ref = unit.items.ref(correction.item_id)
    items = context.source.fetch([ref.remote_id])
    with context.begin() as unit:
        prepared = unit.corrections.get(correction.id)
        before = (prepared.before if prepared else None) or record.before
        # First, while the correction is not known as written: an edit in between closes the issue.
        absorb_items(unit, project, items, ours=context.installations, own_write=True)
        unit.corrections.applied(correction.id, WriteRecord(record.remote_id, before, record.after))
        detail = {
            "issue": correction.issue_id,
            "item": ref.remote_id,
            "mode": correction.mode.value,
            "given": correction.given,
            "label": correction.label,
            "written": record.remote_id,
            "before": dict(before),
            "after": dict(record.after),
            "evidence": dict(correction.evidence.to_json()),
        }
        unit.audit.append(correction.actor, "correction.applied", correction.id, detail, project.name)
        unit.enqueue(job(JobKind.GUIDELINES, project.id))
        if not is_wanted(unit, correction):  # decided anew, or edited, while this was written
            unit.corrections.set_state(correction.id, CorrectionState.REVERTING)
            unit.enqueue(job(JobKind.REVERT, project.id, {"correction": correction.id}))
        look_at_undone(unit, project, items, [correction.item_id])


def _close(context: Context, correction: Correction, state: CorrectionState, error: str) -> None:
    with context.begin() as unit:
        unit.corrections.set_state(correction.id, state, error)
        if bears(unit, correction):
            unit.notes.withdraw_of_issue(correction.issue_id)
        release_waiting(unit, correction)
        detail = {"reason": wording.reason_text(error)}
        action = f"correction.{state.value}"
        unit.audit.append("secondlook", action, correction.id, detail, context.project.name)
