"""Writes of ours that arrived late: a correction that stands twice, or again after it was taken back."""

from __future__ import annotations

from collections.abc import Sequence

from connector.model import Correction, CorrectionState, Item, WriteMode
from connector.model.jobs import JobKind
from connector.model.lanes import job
from connector.store.unit_of_work import UnitOfWork

# What is written stands beside what was there.
_ADDED = (WriteMode.GROUND_TRUTH, WriteMode.REPLACE, WriteMode.PREDICTION)


def plan_removals(unit: UnitOfWork, items: Sequence[Item]) -> int:
    """Plan what takes away each write in these items that its correction knows nothing of; how many."""
    planned = 0
    for remote_id, marker in _marked(items):
        correction = unit.corrections.get(marker)
        if correction is None:
            continue
        if _was_given_up(correction):
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


def _was_given_up(correction: Correction) -> bool:
    """Whether nothing of it should stand: a try whose outcome nobody knew has arrived all the same."""
    if correction.state in (CorrectionState.REVERTED, CorrectionState.CANCELLED):
        return True
    # In place, a conflict may be just that what we wrote stands, and a person must look at it.
    return (
        correction.state in (CorrectionState.CONFLICT, CorrectionState.FAILED) and correction.mode in _ADDED
    )


def _stands_elsewhere(correction: Correction, remote_id: str) -> bool:
    return (
        correction.state is CorrectionState.APPLIED
        and correction.mode in _ADDED
        and correction.remote_id != remote_id
    )
