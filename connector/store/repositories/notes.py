"""Guideline notes: what reviewers wrote about two labels, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, Select, case, exists, func, or_, select, update

from connector.model import CorrectionState, GuidelineNote, Json, NoteState
from connector.store.repositories.base import Repository, chunks
from connector.store.tables import corrections, guideline_notes, issues, items

STANDING = (NoteState.DRAFT, NoteState.ACCEPTED, NoteState.PUBLISHED)
TO_PUBLISH = (NoteState.ACCEPTED, NoteState.PUBLISHED)
TAKEN_BACK = (NoteState.WITHDRAWING, NoteState.WITHDRAWN)


class Notes(Repository):
    def save(self, note: GuidelineNote) -> None:
        """Keep a note; one reviewer has one note for an issue, and the latest text counts."""
        values = asdict(note) | {"created_at": self._now}
        fresh = {"id", "project_id", "issue_id", "author", "created_at"}
        self._connection.execute(
            self._insert(guideline_notes)
            .values(values)
            .on_conflict_do_update(
                index_elements=["issue_id", "author"],
                set_={name: value for name, value in values.items() if name not in fresh},
            )
        )

    def get(self, project_id: int, note_id: str) -> GuidelineNote | None:
        """One note; held in a transaction that may write."""
        query = select(guideline_notes).where(
            guideline_notes.c.id == note_id, guideline_notes.c.project_id == project_id
        )
        row = self._connection.execute(self._held(query, guideline_notes)).one_or_none()
        return None if row is None else _note(row)

    def listed(self, project_id: int, state: NoteState | None = None) -> list[GuidelineNote]:
        """Notes by pair, oldest first; those in one state, or all."""
        conditions = [] if state is None else [guideline_notes.c.state == state.value]
        return self._where(guideline_notes.c.project_id == project_id, *conditions)

    def in_states(self, project_id: int, states: Sequence[str]) -> list[GuidelineNote]:
        return self._where(guideline_notes.c.project_id == project_id, guideline_notes.c.state.in_(states))

    def counts(self, project_id: int) -> dict[str, int]:
        """How many notes stand in each state."""
        rows = self._connection.execute(
            select(guideline_notes.c.state, func.count())
            .where(guideline_notes.c.project_id == project_id)
            .group_by(guideline_notes.c.state)
        )
        return {state: int(n) for state, n in rows}

    def set_state(self, ids: Sequence[str], state: str) -> None:
        """Set the state of notes; one that was taken back while it was published is `withdrawing`."""
        taken_back = guideline_notes.c.state.in_([each.value for each in TAKEN_BACK])
        values: dict[str, Any] = {"state": state}
        if state == NoteState.PUBLISHED:
            values["state"] = case((taken_back, NoteState.WITHDRAWING.value), else_=state)
            values["published_at"] = func.coalesce(guideline_notes.c.published_at, self._now)
        if state == NoteState.WITHDRAWN:
            values["withdrawn_at"] = self._now
        self._update(ids, values)

    def accept(self, ids: Sequence[str], by: str) -> None:
        """Let notes be published, also such as were withdrawn before."""
        accepted = {"state": NoteState.ACCEPTED.value, "accepted_by": by, "accepted_at": self._now}
        self._update(ids, accepted | {"published_at": None, "withdrawn_at": None})

    def reword(self, note_id: str, text: str) -> None:
        self._update([note_id], {"text": text})

    def withdraw(self, note_id: str) -> int:
        """Take a note back; 0 where it was taken back before."""
        return self._withdraw(guideline_notes.c.id == note_id)

    def withdraw_of_issue(self, issue_id: str) -> int:
        """Take back the notes of a correction that does not stand; how many the instructions may hold.

        A published note is `withdrawing` until the instructions are written without it. One that is not
        published counts too: it may just be on its way.
        """
        return self._withdraw(guideline_notes.c.issue_id == issue_id)

    def publishable(self, project_id: int) -> list[GuidelineNote]:
        """Accepted notes whose correction, if there is one, is applied: what instructions may hold."""
        return self._where(
            guideline_notes.c.project_id == project_id,
            guideline_notes.c.state.in_([state.value for state in TO_PUBLISH]),
            or_(_corrected(CorrectionState.APPLIED), ~_corrected()),
        )

    def drafts_to_accept(self, project_id: int) -> list[GuidelineNote]:
        """Notes of applied corrections that stand, where a draft may be accepted by rule."""
        return self._where(
            guideline_notes.c.project_id == project_id,
            guideline_notes.c.state.in_([state.value for state in STANDING]),
            _corrected(CorrectionState.APPLIED),
        )

    def items(self, note_ids: Sequence[str]) -> dict[str, tuple[str, Json]]:
        """Note id → number and data of the item that it was written about, where it was about one."""
        result: dict[str, tuple[str, Json]] = {}
        for part in chunks(note_ids):
            rows = self._connection.execute(
                select(guideline_notes.c.id, items.c.remote_id, items.c.data)
                .join(issues, issues.c.id == guideline_notes.c.issue_id)
                .join(items, items.c.id == issues.c.item_id)
                .where(self._among(guideline_notes.c.id, part))
            )
            result.update({row.id: (row.remote_id, row.data) for row in rows})
        return result

    def _withdraw(self, condition: ColumnElement[bool]) -> int:
        state = guideline_notes.c.state
        published = state == NoteState.PUBLISHED.value
        done = self._connection.execute(
            update(guideline_notes)
            .where(condition, state.in_([each.value for each in STANDING]))
            .values(
                state=case((published, NoteState.WITHDRAWING.value), else_=NoteState.WITHDRAWN.value),
                withdrawn_at=self._now,
            )
        )
        return int(done.rowcount)

    def _where(self, *conditions: ColumnElement[bool]) -> list[GuidelineNote]:
        notes = guideline_notes.c
        query: Select[Any] = (
            select(guideline_notes)
            .where(*conditions)
            .order_by(notes.given, notes.label, notes.created_at, notes.id)
        )
        return [_note(row) for row in self._connection.execute(query)]

    def _update(self, ids: Sequence[str], values: dict[str, Any]) -> None:
        for part in chunks(ids):
            self._connection.execute(
                update(guideline_notes).where(self._among(guideline_notes.c.id, part)).values(**values)
            )


def _corrected(state: CorrectionState | None = None) -> ColumnElement[bool]:
    mine = corrections.c.issue_id == guideline_notes.c.issue_id
    return exists().where(mine) if state is None else exists().where(mine, corrections.c.state == state.value)


def _note(row: Any) -> GuidelineNote:
    return GuidelineNote(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public accessor
