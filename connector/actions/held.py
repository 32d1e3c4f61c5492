"""What a person does with held corrections: let them be written, or never."""

from __future__ import annotations

from collections.abc import Sequence

from connector import wording
from connector.model import Correction, CorrectionState, Project
from connector.model.jobs import JobKind
from connector.model.lanes import job
from connector.store.unit_of_work import UnitOfWork


def release(unit: UnitOfWork, project: Project, label: str, held: Sequence[Correction], by: str) -> None:
    """Have these corrections of the class written. What the class lost until now does not count any more."""
    unit.quality.release(project.id, label, by)
    for one in held:
        unit.corrections.set_state(one.id, CorrectionState.PENDING)
        unit.enqueue(job(JobKind.WRITEBACK, project.id, {"correction": one.id}))
        unit.audit.append(by, "correction.released", one.id, {"class": label}, project.name)


def discard(unit: UnitOfWork, project: Project, label: str, held: Sequence[Correction], by: str) -> None:
    """Never write these corrections of the class, nor publish what was noted about them."""
    for one in held:
        unit.corrections.set_state(one.id, CorrectionState.FAILED, wording.discarded(by))
        unit.notes.withdraw_of_issue(one.issue_id)
        unit.audit.append(by, "correction.discarded", one.id, {"class": label}, project.name)
