"""A correction that was written twice, because a try was held up: one write is left."""

from __future__ import annotations

from connector.model import Correction, WriteRecord
from workers.context import Context
from workers.write_back.orders import order_for


def remove_doubles(context: Context, correction: Correction) -> int:
    """Leave one write of a correction that is applied: the one that the journal names."""
    with context.read() as unit:
        order = order_for(unit, correction)
    record = WriteRecord(correction.remote_id or "", correction.before or {}, correction.after or {})
    removed = context.source.remove_doubles(order, record)
    if removed:
        with context.begin() as unit:
            detail = {"removed": removed}
            unit.audit.append(
                "secondlook", "correction.double_removed", correction.id, detail, context.project.name
            )
    return removed
