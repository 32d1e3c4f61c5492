"""Whether a published note helped: the confusion of its two labels before and after."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from connector.model import GuidelineNote, NoteState
from connector.store.unit_of_work import UnitOfWork
from connector.store.views.figures import Cut, windows
from workers.report.shapes import Effect, number
from workers.review.quality.figures import rate
from workers.review.quality.intervals import difference_bounds

PUBLIC = (NoteState.PUBLISHED.value, NoteState.WITHDRAWING.value, NoteState.WITHDRAWN.value)


def effects(unit: UnitOfWork, project_id: int) -> list[Effect]:
    """Of every pair of labels that was published about, by its first note that still stands."""
    notes = [note for note in unit.notes.in_states(project_id, PUBLIC) if note.published_at is not None]
    standing = [note for note in notes if note.state == NoteState.PUBLISHED]
    first: dict[tuple[str, str], GuidelineNote] = {}
    for note in sorted(standing, key=_published) + sorted(notes, key=_published):
        first.setdefault(note.pair, note)
    return effects_of(unit, project_id, list(first.values()))


def effects_of(unit: UnitOfWork, project_id: int, notes: Sequence[GuidelineNote]) -> list[Effect]:
    """Of these notes, which were all published, in their order."""
    cuts = [
        Cut(note.pair, _published(note), None if note.state == NoteState.PUBLISHED else note.withdrawn_at)
        for note in notes
    ]
    result = windows(unit, project_id, cuts)
    return [
        _effect(note, (before.confused, before.labels), (after.confused, after.labels))
        for note, (before, after) in zip(notes, result, strict=True)
    ]


def _published(note: GuidelineNote) -> datetime:
    if note.published_at is None:
        msg = f"note {note.id} was never published"
        raise ValueError(msg)
    return note.published_at


def _effect(note: GuidelineNote, before: tuple[int, int], after: tuple[int, int]) -> Effect:
    # A confused label that was deleted since counts as given: no share exceeds 1.
    then, now = (rate(hits, max(hits, n)) for hits, n in (before, after))
    change = difference_bounds((then.hits, then.n), (now.hits, now.n))
    low, high = change.low, change.high
    return Effect(
        given=note.given,
        label=note.label,
        note=note.id,
        text=note.text,
        published_at=_published(note).isoformat(),
        withdrawn_at=None if note.withdrawn_at is None else note.withdrawn_at.isoformat(),
        before=then,
        after=now,
        change=number(change.value),
        low=low,
        high=high,
        verdict="fewer" if high < 0 else "more" if low > 0 else "unclear",
    )
