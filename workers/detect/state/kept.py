"""Where a project's detector is between two changes: in this process's memory, or saved in the database."""

from __future__ import annotations

from datetime import timedelta

from connector.config.project import ProjectSettings
from connector.model import LabelSchema, SavedState
from connector.model.moments import is_over
from connector.store.unit_of_work import UnitOfWork
from workers.context import Context
from workers.detect.state import Basis, Detector, Remembered, UnusableState, memory_of

MOST_CELLS = 50_000_000  # probabilities; for more no detector is kept, and changes wait for the next scan
SAVE_AFTER_EVENTS = 1000  # a restart takes in so many again at most,
SAVE_AFTER = timedelta(minutes=10)  # or those of so long
PREFIX = "detector:"


def taken(context: Context, saved: SavedState) -> Detector | None:
    """The detector, out of this process's memory or restored; None where it cannot be gone on from.

    Whoever has changed it says so by `keep`; until then the memory has none.
    """
    remembered = memory_of(context.services.store).take(context.project.id)
    if remembered is not None and _holds(context, saved, remembered):
        return remembered.detector
    del remembered
    with context.read() as unit:
        content = None if saved.blob is None else unit.blobs.get(context.project.id, saved.blob)
    if content is None:
        return None
    try:
        restored = Detector.from_bytes(content)
    except UnusableState:
        return None
    return restored if restored.basis.scan_id == saved.scan_id else None


def _holds(context: Context, saved: SavedState, remembered: Remembered) -> bool:
    """Whether what this process remembers is what the database tells of, as far as it goes."""
    known = remembered.detector
    # Another process may have saved a later state, and the events up to that are gone then.
    if known.basis.scan_id != saved.scan_id or known.seq < saved.seq:
        return False
    # A database that failed over or was restored may have lost what a job had seen, and will give the
    # numbers of those events anew: then it has lost the end of that job as well.
    with context.read() as unit:
        return unit.jobs.is_done_by(remembered.claim)


def keep(context: Context, detector: Detector) -> None:
    """Have the detector at hand for the next change that this process is given, once this job is done."""
    memory_of(context.services.store).put(context.project.id, Remembered(detector, context.claim))


def store_content(context: Context, detector: Detector) -> str:
    """Store a new detector's content ahead of the transaction that makes it count; the name of it."""
    name = f"{PREFIX}{detector.basis.scan_id}"
    with context.begin() as unit:
        unit.blobs.put(context.project.id, name, detector.to_bytes())
    return name


def make_count(unit: UnitOfWork, project_id: int, scan_id: str, seq: int, blob: str | None) -> None:
    """From now on the project's state is that of this scan; what stood for earlier ones goes."""
    unit.label_states.put(project_id, scan_id, seq, blob)
    unit.label_events.forget(project_id, seq)
    for name in unit.blobs.names(project_id, PREFIX):
        if name != blob:
            unit.blobs.delete(project_id, name)


def save_when_due(context: Context, saved: SavedState, detector: Detector) -> bool:
    """Save the detector if it has taken in much since the last time, or for long; whether it was saved."""
    new = detector.seq - saved.seq
    waited = is_over(saved.saved_at, SAVE_AFTER, context.services.clock.now())
    if saved.blob is None or not (new >= SAVE_AFTER_EVENTS or (new and waited)):
        return False
    content = detector.to_bytes()
    with context.begin() as unit:
        now = unit.label_states.get(context.project.id)
        if now != saved:
            return False  # a scan has ended meanwhile
        unit.blobs.put(context.project.id, saved.blob, content)
        unit.label_states.put(context.project.id, saved.scan_id, detector.seq, saved.blob)
        unit.label_events.forget(context.project.id, detector.seq)
    return True


def fits(chosen: ProjectSettings, schema: LabelSchema, basis: Basis) -> bool:
    """Whether the settings and the labelling config still are what the scan judged by."""
    named = chosen.predictions.model_version
    return (
        basis.classes == schema.classes
        and basis.method == chosen.policy.method.value
        and basis.source == chosen.predictions.source.value
        and named in (None, basis.model_version)
    )
