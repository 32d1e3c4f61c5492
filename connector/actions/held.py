"""What a person does with held corrections: let them be written, or never."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from connector.errors import Conflict, NotFound
from connector.model import Correction, CorrectionState, Project
from connector.model.jobs import JobKind
from connector.model.lanes import job
from connector.model.reasons import NotWritten, coded
from connector.store.unit_of_work import UnitOfWork


def release(
    unit: UnitOfWork, project: Project, label: str, by: str, only: Collection[str] | None = None
) -> list[Correction]:
    """Have held corrections of a class written: all, or these `only`; its losses do not count any more.

    Raises
    ------
    NotFound
        No correction of the class is held.
    Conflict
        One of `only` is not held (any more); nothing is released.
    """
    held = _held(unit, project, label, only)
    unit.quality.release(project.id, label, by)
    for one in held:
        unit.corrections.set_state(one.id, CorrectionState.PENDING)
        unit.enqueue(job(JobKind.WRITEBACK, project.id, {"correction": one.id}))
        unit.audit.append(by, "correction.released", one.id, {"class": label}, project.name)
    return held


def discard(
    unit: UnitOfWork, project: Project, label: str, by: str, only: Collection[str] | None = None
) -> list[Correction]:
    """Never write held corrections of a class, all or these `only`, nor publish what was noted of them.

    Raises
    ------
    NotFound
        No correction of the class is held.
    Conflict
        One of `only` is not held (any more); nothing is discarded.
    """
    held = _held(unit, project, label, only)
    for one in held:
        unit.corrections.set_state(one.id, CorrectionState.FAILED, coded(NotWritten.DISCARDED, by=by))
        unit.notes.withdraw_of_issue(one.issue_id)
        unit.audit.append(by, "correction.discarded", one.id, {"class": label}, project.name)
    return held


def counts(unit: UnitOfWork, project: Project) -> dict[str, int]:
    """How many corrections are held, by the class that would lose the label; the most first."""
    held = unit.corrections.listed(project.id, CorrectionState.HELD)
    return dict(Counter(one.given for one in held).most_common())


def _held(unit: UnitOfWork, project: Project, label: str, only: Collection[str] | None) -> list[Correction]:
    held = unit.corrections.listed(project.id, CorrectionState.HELD)
    chosen = [one for one in held if one.given == label]
    if not chosen:
        classes = ", ".join(sorted({one.given for one in held})) or "none"
        msg = f"no correction of the class {label!r} is held (classes with held corrections: {classes})"
        raise NotFound(msg)
    if only is None:
        return chosen
    gone = sorted(set(only) - {one.id for one in chosen})
    if gone:
        msg = f"of the class {label!r} these are not held any more: {', '.join(gone)}"
        raise Conflict(msg)
    return [one for one in chosen if one.id in only]
