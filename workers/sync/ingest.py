"""Handle waiting webhook deliveries: fetch each item once that they hint at, and collect answers."""

from __future__ import annotations

from collections.abc import Sequence

from connector.model import Hint, Role
from connector.model.jobs import JobKind
from connector.model.lanes import job
from connector.web.intake import ingest_job
from workers.context import Context, Summary
from workers.detect.record import scan_when_due
from workers.sync.items import absorb_items

DELIVERIES_AT_ONCE = 500
FETCH_AT_ONCE = 100


def handle(context: Context) -> Summary:
    with context.read() as unit:
        waiting = unit.deliveries.waiting(context.project.id, DELIVERIES_AT_ONCE)
    source = [hint for _, role, hints in waiting if role is Role.SOURCE for hint in hints]
    fetched = _source(context, source)
    with context.begin() as unit:
        unit.deliveries.handled([delivery_id for delivery_id, _, _ in waiting])
        if any(role is Role.REVIEW for _, role, _ in waiting):
            # Not fetched here: an answer read here and stored late would overwrite what a collect that
            # ran beside it knows better.
            unit.enqueue(job(JobKind.COLLECT, context.project.id))
        if any(hint.schema_changed for hint in source):
            unit.enqueue(job(JobKind.SYNC, context.project.id))
        if len(waiting) == DELIVERIES_AT_ONCE:
            unit.enqueue(ingest_job(context.project.id))
    return {"deliveries": len(waiting), "fetched": fetched}


def _source(context: Context, hints: Sequence[Hint]) -> int:
    """Fetch the items named, or the items of the annotations named, and see which are gone."""
    project = context.project
    annotation_ids = [one for hint in hints for one in hint.annotation_ids]
    with context.read() as unit:
        of_annotations = unit.items.remote_ids_of_annotations(project.id, annotation_ids)
    named = {one for hint in hints for one in hint.item_ids} | set(of_annotations)
    wanted = sorted(named)
    for start in range(0, len(wanted), FETCH_AT_ONCE):
        part = wanted[start : start + FETCH_AT_ONCE]
        items = context.source.fetch(part)
        present = {item.remote_id for item in items}
        with context.begin() as unit:
            gone = unit.items.ids_of([one for one in part if one not in present], project.id)
            absorb_items(unit, project, items, ours=context.installations, gone=gone)
            scan_when_due(unit, project.id, context.settings.policy)
    return len(wanted)
