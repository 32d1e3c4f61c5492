"""Writes of ours that arrived late: a correction that stands twice, or again after it was taken back."""

from __future__ import annotations

from collections.abc import Sequence

from connector.model import Correction, CorrectionState, Item, WriteMode
from connector.model.jobs import JobKind
from connector.model.lanes import job
from connector.store.unit_of_work import UnitOfWork


def plan_removals(unit: UnitOfWork, items: Sequence[Item]) -> int:
    """Plan what takes away each write in these items that its correction knows nothing of; how many."""
    planned = 0
    for remote_id, marker in _marked(items):
        correction = unit.corrections.get(marker)
        if correction is None:
            continue
        if correction.state is CorrectionState.REVERTED:
            unit.corrections.set_state(correction.id, CorrectionState.REVERTING)
            kind = JobKind.REVERT
        elif _stands_elsewhere(correction, remote_id):
            kind = JobKind.WRITEBACK
        else:
            continue
        unit.enqueue(job(kind, correction.project_id, {"correction": correction.id}))
        planned += 1
    return planned


def _marked(items: Sequence[Item]) -> list[tuple[str, str]]:
    """(annotation, marker) of what is as we wrote it; what a person has edited since is theirs."""
    written = [(one.remote_id, one.marker) for item in items for one in item.annotations if one.marker]
    return written + [own for item in items for own in item.own_predictions]


def _stands_elsewhere(correction: Correction, remote_id: str) -> bool:
    return (
        correction.state is CorrectionState.APPLIED
        and correction.mode in (WriteMode.GROUND_TRUTH, WriteMode.REPLACE, WriteMode.PREDICTION)
        and correction.remote_id != remote_id
    )
