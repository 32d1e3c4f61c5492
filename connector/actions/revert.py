"""A person asks for the undoing of corrections; the job that is enqueued undoes each."""

from __future__ import annotations

from connector.errors import NotFound, Rejected
from connector.model import Correction, CorrectionState
from connector.model.jobs import JobKind
from connector.model.lanes import job
from connector.store.unit_of_work import UnitOfWork

UNDOABLE = (CorrectionState.APPLIED, CorrectionState.REVERTING)


def undoable(unit: UnitOfWork, run_id: str) -> list[Correction]:
    """The corrections of a run that can be undone, the last one first.

    Raises
    ------
    NotFound
        There is no such run.
    """
    of_run = unit.corrections.of_run(run_id)
    if not of_run:
        msg = f"there is no run {run_id}"
        raise NotFound(msg)
    return [one for one in reversed(of_run) if one.state in UNDOABLE]


def ask_revert(unit: UnitOfWork, correction_id: str, by: str) -> Correction:
    """Ask for the undoing of one correction; asked twice, it is asked for once.

    Raises
    ------
    NotFound
        There is no such correction.
    Rejected
        It is not written, so there is nothing to undo.
    """
    correction = unit.corrections.get(correction_id)
    if correction is None:
        msg = f"there is no correction {correction_id}"
        raise NotFound(msg)
    if unit.corrections.take_back(correction_id):
        project = unit.projects.get(correction.project_id).name
        unit.audit.append(by, "correction.revert_asked", correction_id, {}, project)
    else:
        _require_asked(unit, correction_id)
    payload = {"correction": correction_id, "actor": by}
    unit.enqueue(job(JobKind.REVERT, correction.project_id, payload))
    return correction


def _require_asked(unit: UnitOfWork, correction_id: str) -> None:
    """Where another has asked a moment before, as the database says it now."""
    present = unit.corrections.get(correction_id)
    if present is None or present.state is not CorrectionState.REVERTING:
        state = "gone" if present is None else present.state.value
        msg = f"correction {correction_id} is {state}: there is nothing to undo"
        raise Rejected(msg)
