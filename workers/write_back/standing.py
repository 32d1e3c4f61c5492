"""A correction that is written, looked at again: does it stand, and once?"""

from __future__ import annotations

from connector import wording
from connector.errors import Conflict
from connector.model import Correction, CorrectionState, WriteMode, WriteOrder, WriteRecord
from connector.model.reasons import NotWritten, coded
from workers.context import Context, Summary
from workers.label_types.registry import kind_of
from workers.write_back.orders import order_for


def look_after(context: Context, correction: Correction) -> Summary:
    """Leave one write, the one that the journal names, or one of those there are; where there is none, ask.

    There is none after the platform was restored from an older backup, or where a late request of ours has
    written over it. It is not written again by itself, for the restore may have been meant to undo it. What
    a person has changed since is left alone.
    """
    with context.read() as unit:
        order = order_for(unit, correction, context.installation)
    try:
        if context.source.find_write(order) is None:
            return {"taken_away": _let_go(context, correction, order)}
        removed = _remove_doubles(context, correction, order)
        return {"doubles_removed": removed, "stands_as": _follow(context, correction, order)}
    except Conflict as error:
        return {"conflict": str(error)}


def adopt_unexpected(context: Context, correction: Correction) -> Summary:
    """Own up to a correction that was not to be written, or not yet, and stands all the same."""
    with context.read() as unit:
        order = order_for(unit, correction, context.installation)
    try:
        record = context.source.find_write(order)
    except Conflict as error:
        return {"conflict": str(error)}
    if record is None:
        return {}
    adopt = _adopt_held if correction.state is CorrectionState.HELD else _adopt_late
    return adopt(context, correction, record)


def _adopt_late(context: Context, correction: Correction, record: WriteRecord) -> Summary:
    """Own up to a write in place that had met a conflict and got there all the same, over that change.

    What it wrote over is not known well enough to be put back; a person is told, and may take it back.
    """
    reason = coded(NotWritten.ARRIVED_LATE, said=wording.reason_text(correction.error) or "")
    with context.begin() as unit:
        unit.corrections.applied(correction.id, record)
        unit.corrections.set_state(correction.id, CorrectionState.APPLIED, reason)
        detail = {"reason": wording.reason_text(reason), "written": record.remote_id}
        unit.audit.append(
            "secondlook", "correction.arrived_late", correction.id, detail, context.project.name
        )
    return {"arrived_late": True}


def _adopt_held(context: Context, correction: Correction, record: WriteRecord) -> Summary:
    """Own up to a correction that waits for a person here, and stands: it was released after our backup."""
    with context.begin() as unit:
        unit.corrections.applied(correction.id, record)
        detail = {"written": record.remote_id, "held": wording.reason_text(correction.error)}
        unit.audit.append("platform", "correction.adopted", correction.id, detail, context.project.name)
    return {"adopted": True}


def _let_go(context: Context, correction: Correction, order: WriteOrder) -> bool:
    """Hold what does not stand; what it stood in place of counts again, or the item would have no label."""
    if _is_as_decided(context, correction, order):
        return False
    why = NotWritten(context.job.payload.get("why", NotWritten.TAKEN_AWAY))
    if why is NotWritten.GONE and correction.mode is WriteMode.REPLACE:
        record = WriteRecord(correction.remote_id or "", correction.before or {}, correction.after or {})
        context.source.revert(order, record)
    return _hold(context, correction, why)


def _is_as_decided(context: Context, correction: Correction, order: WriteOrder) -> bool:
    """Whether the annotation carries what was decided all the same.

    A region that was removed has no mark of ours, and beside it others may have changed since.
    """
    kind = kind_of(context.project.schema)
    if not kind.in_parts:
        return False
    items = context.source.fetch([order.item.remote_id])
    held = [one for item in items if item.created_at == order.item.created_at for one in item.annotations]
    label = next((one.label for one in held if one.remote_id == correction.remote_id), None)
    return (
        label is not None
        and kind.follows(label, order.expected_label, order.label)
        and not kind.carries(label, order.expected_label)
    )


def _hold(context: Context, correction: Correction, why: NotWritten) -> bool:
    with context.begin() as unit:
        done = unit.corrections.taken_away(correction.id, why)
        if done:
            detail = {"reason": wording.reason_text(why), "written": correction.remote_id}
            unit.audit.append(
                "platform", "correction.taken_away", correction.id, detail, context.project.name
            )
    return done


def _follow(context: Context, correction: Correction, order: WriteOrder) -> str | None:
    """The id under which it stands, where the journal names another: one of both sides was restored since."""
    standing = context.source.find_write(order)
    if standing is None or standing.remote_id == correction.remote_id:
        return None
    with context.begin() as unit:
        unit.corrections.stands_as(correction.id, standing.remote_id)
        detail = {"written": standing.remote_id, "before": correction.remote_id}
        unit.audit.append("secondlook", "correction.found_again", correction.id, detail, context.project.name)
    return standing.remote_id


def _remove_doubles(context: Context, correction: Correction, order: WriteOrder) -> int:
    record = WriteRecord(correction.remote_id or "", correction.before or {}, correction.after or {})
    removed = context.source.remove_doubles(order, record)
    if removed:
        with context.begin() as unit:
            detail = {"removed": removed}
            unit.audit.append(
                "secondlook", "correction.double_removed", correction.id, detail, context.project.name
            )
    return removed
