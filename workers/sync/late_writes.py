"""Writes of ours that arrived late: a correction that stands twice, or again after it was taken back."""

from __future__ import annotations

from collections.abc import Sequence

from connector.model import Correction, CorrectionState, Item, LabelStatus, Project, WriteMode
from connector.model.jobs import JobKind
from connector.model.lanes import job
from connector.store.unit_of_work import UnitOfWork

# What is written stands beside what was there, and so can stand twice.
_ADDED = (WriteMode.GROUND_TRUTH, WriteMode.REPLACE, WriteMode.PREDICTION)


def plan_removals(unit: UnitOfWork, project: Project, items: Sequence[Item]) -> int:
    """Plan what takes back each write in these items that its correction knows nothing of; how many."""
    planned = _plan_counting_again(unit, project, items)
    written = _written(items)
    known = unit.corrections.known([marker for _, marker in written])
    for remote_id, marker in written:
        correction = known.get(marker)
        if correction is None:
            continue
        if _was_given_up(correction):
            unit.corrections.set_state(correction.id, CorrectionState.REVERTING)
            kind = JobKind.REVERT
        elif _stands_elsewhere(correction, remote_id) or _is_written_after_all(correction):
            kind = JobKind.WRITEBACK
        else:
            continue
        unit.enqueue(job(kind, correction.project_id, {"correction": correction.id}))
        planned += 1
    return planned


def _written(items: Sequence[Item]) -> list[tuple[str, str]]:
    """(annotation, marker) of what is as we wrote it; what a person has edited since is theirs."""
    return [(one.remote_id, one.marker) for item in items for one in item.own_writes if one.untouched]


def _plan_counting_again(unit: UnitOfWork, project: Project, items: Sequence[Item]) -> int:
    """Plan to take back again what a late request of ours has cancelled since it was taken back.

    Nothing of ours stands there then: the item would be left without a label.
    """
    us = project.service_user
    hidden = [
        one.remote_id
        for item in items
        for one in item.annotations
        if us is not None and one.status is LabelStatus.CANCELLED and one.updated_by == us
    ]
    lost = unit.corrections.reverted_beside(project.id, hidden)
    for one in lost:
        unit.corrections.set_state(one.id, CorrectionState.REVERTING)
        unit.enqueue(job(JobKind.REVERT, project.id, {"correction": one.id}))
    return len(lost)


def _was_given_up(correction: Correction) -> bool:
    """Whether nothing of it should stand: a try whose outcome nobody knew has arrived all the same."""
    if correction.state in (CorrectionState.REVERTED, CorrectionState.CANCELLED):
        return True
    # In place, a conflict may be just that what we wrote stands, and a person must look at it.
    return (
        correction.state in (CorrectionState.CONFLICT, CorrectionState.FAILED) and correction.mode in _ADDED
    )


def _is_written_after_all(correction: Correction) -> bool:
    """Whether it was not to be written over somebody's change, or waits for a person, and stands."""
    overtook = correction.state is CorrectionState.CONFLICT and correction.mode is WriteMode.UPDATE
    return overtook or correction.state is CorrectionState.HELD


def _stands_elsewhere(correction: Correction, remote_id: str) -> bool:
    return (
        correction.state is CorrectionState.APPLIED
        and correction.mode in _ADDED
        and correction.remote_id != remote_id
    )
