"""Which corrections are wanted, waiting or given up."""

from __future__ import annotations

from connector import wording
from connector.model import Correction, CorrectionState, Outcome
from connector.model.jobs import JobKind
from connector.model.lanes import job
from connector.model.reasons import LetGo, NotWritten
from connector.store.unit_of_work import UnitOfWork


def release_waiting(unit: UnitOfWork, correction: Correction) -> None:
    """The correction is taken back, or was never written: the one that waits for that can be written."""
    waiting = unit.corrections.waiting(correction.issue_id)
    if waiting is not None:
        unit.corrections.set_state(waiting.id, CorrectionState.PENDING)
        unit.enqueue(job(JobKind.WRITEBACK, waiting.project_id, {"correction": waiting.id}))


def give_up_waiting(unit: UnitOfWork, correction: Correction, project: str) -> None:
    """The correction could not be taken back, so nothing else can be written in its place."""
    waiting = unit.corrections.waiting(correction.issue_id)
    if waiting is not None:
        unit.corrections.set_state(waiting.id, CorrectionState.CONFLICT, NotWritten.NOT_TAKEN_BACK)
        detail = {"reason": wording.reason_text(NotWritten.NOT_TAKEN_BACK), "before_it": correction.id}
        unit.audit.append("secondlook", "correction.conflict", waiting.id, detail, project)


def bears(unit: UnitOfWork, correction: Correction) -> bool:
    """Whether the notes of the issue are those of this correction's decision, not of a later one."""
    decision = unit.issues.decision(correction.issue_id)
    return decision is None or decision.id == correction.decision_id


def is_decided(unit: UnitOfWork, correction: Correction) -> bool:
    """Whether a decision stands that asks for this correction."""
    return unit.issues.decision(correction.issue_id) is not None and is_wanted(unit, correction)


def is_of_edited(unit: UnitOfWork, correction: Correction) -> bool:
    """Whether what people decided about has been edited since."""
    issue = unit.issues.get(correction.issue_id)
    return issue is not None and issue.reason == LetGo.ITEM_EDITED


def is_wanted(unit: UnitOfWork, correction: Correction) -> bool:
    """Whether the decision that stands asks for this correction, or is still to be made."""
    if is_of_edited(unit, correction):
        return False
    decision = unit.issues.decision(correction.issue_id)
    return decision is None or (decision.outcome is Outcome.ACCEPT and decision.label == correction.label)
