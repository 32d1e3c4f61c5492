"""Judge what changed since the last scan, at once and without another scan."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import numpy as np

from connector.model import LabelledItem, LabelSchema, SavedState
from connector.model.jobs import JobKind
from connector.model.lanes import job
from connector.store.unit_of_work import UnitOfWork
from workers.context import Context, Summary
from workers.detect.flags import Origin
from workers.detect.queue import JudgedRows, Policy, Queue, carry_out, weigh_changes
from workers.detect.sources.base import PredictionSource
from workers.detect.sources.choose import source_of
from workers.detect.standing import QueueByRow
from workers.detect.state import Detector, Taken, kept
from workers.issues.incremental.incoming import qualities_of
from workers.issues.validation import InvalidInput
from workers.review.quality.asking import control_share, learned_from_verdicts

LEAST_CHANGES, SHARE = 1000, 20  # more changes at once than these and one item in so many are for a scan


def handle(context: Context) -> Summary:
    with context.read() as unit:
        saved, schema = (
            unit.label_states.get(context.project.id),
            unit.projects.get(context.project.id).schema,
        )
    if saved is not None and saved.blob is None:
        return {"judged": 0, "waits_for_scan": True}  # the last scan said why it left nothing to go on from
    detector = None if saved is None else kept.taken(context, saved)
    if saved is None or schema is None or detector is None:
        return _scan_instead(context, "there is no state to go on from")
    if not kept.fits(context.settings, schema, detector.basis):
        return _scan_instead(context, "the state is of other settings or another labelling config")
    return _judge(context, schema, saved, detector)


def _judge(context: Context, schema: LabelSchema, saved: SavedState, detector: Detector) -> Summary:
    most = max(LEAST_CHANGES, len(detector.state) // SHARE)
    with context.read() as unit:
        head = unit.label_events.head(context.project.id)
        changed = unit.label_events.items(context.project.id, detector.seq, most + 1)
        now = {item.item_id: item for item in unit.items.labelled(context.project.id, changed)}
    source = source_of(context, schema)
    if len(changed) > most or source.outdated(changed, detector.basis):
        return _scan_instead(context, "too much has changed")
    try:
        taken = _take_in(source, detector, changed, now)
    except InvalidInput as error:
        return _scan_instead(context, str(error))
    detector.seq = head
    queue = _requeue(context, detector, changed)
    kept.keep(context, detector)
    return {
        "changed": len(changed),
        "waiting": taken.waiting,
        "flagged": queue.fresh,
        "planned": queue.planned,
        "no_longer_flagged": queue.dropped,
        "saved": kept.save_when_due(context, saved, detector),
    }


def _scan_instead(context: Context, why: str) -> Summary:
    with context.begin() as unit:
        unit.enqueue(job(JobKind.SCAN, context.project.id))
    return {"judged": 0, "scan": why}


def _take_in(
    source: PredictionSource, detector: Detector, changed: Sequence[int], now: dict[int, LabelledItem]
) -> Taken:
    asked = [item for item in now.values() if not (source.lasting and detector.knows(item.item_id))]
    probs = source.changed(asked, detector.basis) if asked else {}
    return detector.take_in(changed, now, probs, lasting=source.lasting)


def _requeue(context: Context, detector: Detector, changed: Sequence[int]) -> Queue:
    """Bring the issues to what a scan would find, in one transaction."""
    # Seeded by the job: one that is tried again draws the same controls.
    chance = np.random.default_rng(uuid.UUID(context.job.id).int)
    project, basis = context.project, detector.basis
    with context.read() as unit:
        now = learned_from_verdicts(unit, project, context.settings, basis.classes)
        standing = _standing(unit, project.id, detector, changed)
    judged = _judged(project.id, detector)
    policy = Policy(now.policy, now.cap_scale, basis.limit, control_share=lambda: _control_share(context))
    difference = weigh_changes(judged, policy, chance, standing)
    if not difference:
        return Queue()
    with context.begin() as unit:
        queue = carry_out(unit, context, judged, difference)
        detail = {"flagged": queue.fresh, "planned": queue.planned, "no_longer_flagged": queue.dropped}
        unit.audit.append("secondlook", "judged", basis.scan_id, detail, project.name)
        unit.enqueue(job(JobKind.PUSH, project.id))
    return queue


def _control_share(context: Context) -> float:
    with context.read() as unit:
        return control_share(unit, context.project, context.settings)


def _standing(unit: UnitOfWork, project_id: int, detector: Detector, changed: Sequence[int]) -> QueueByRow:
    """The queue as it is now. Only the first change after a scan, or a restart, reads all of it."""
    if detector.queue is None:
        detector.queue = QueueByRow.load(unit, project_id, detector.rows)
    else:
        detector.queue.refresh(unit, project_id, detector.rows, changed)
    return detector.queue


def _judged(project_id: int, detector: Detector) -> JudgedRows:
    state, basis = detector.state, detector.basis
    rows = state.issue_rows()
    suggested = np.zeros(state.n_rows, dtype=np.int64)
    block = state.pred_probs[rows]
    suggested[rows] = block.argmax(axis=1)
    quality = np.ones(state.n_rows, dtype=state.pred_probs.dtype)
    quality[rows] = qualities_of(state.given[rows], block)
    return JudgedRows(
        origin=Origin(project_id, basis.scan_id, basis.model_version, basis.method, basis.classes),
        item_ids=detector.item_ids,
        given=state.given,
        order=rows[np.argsort(quality[rows], kind="stable")],
        suggested=suggested,
        quality=quality,
        row_of=detector.row_of,
        probs_of=state.pred_probs.__getitem__,
        whole=False,
    )
