"""Guideline notes: what reviewers wrote about accepted corrections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import case, select, update

from connector.model import CorrectionState, GuidelineNote
from connector.store.repositories.base import Repository, chunks
from connector.store.tables import corrections, guideline_notes


class Notes(Repository):
    def save(self, note: GuidelineNote) -> None:
        """Keep a note; one reviewer has one note for an issue, and the latest text counts."""
        values: dict[str, Any] = {
            "id": note.id,
            "project_id": note.project_id,
            "issue_id": note.issue_id,
            "given": note.given,
            "label": note.label,
            "text": note.text,
            "author": note.author,
            "state": note.state,
            "created_at": self._now,
        }
        self._connection.execute(
            self._insert(guideline_notes)
            .values(values)
            .on_conflict_do_update(
                index_elements=["issue_id", "author"], set_={"text": note.text, "state": note.state}
            )
        )

    def in_states(self, project_id: int, states: Sequence[str]) -> list[GuidelineNote]:
        rows = self._connection.execute(
            select(guideline_notes)
            .where(guideline_notes.c.project_id == project_id, guideline_notes.c.state.in_(states))
            .order_by(guideline_notes.c.given, guideline_notes.c.label, guideline_notes.c.created_at)
        )
        return [GuidelineNote(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public accessor

    def set_state(self, ids: Sequence[str], state: str) -> None:
        """Set the state of notes; one that was taken back while it was published is `withdrawing`."""
        taken_back = guideline_notes.c.state.in_(["withdrawn", "withdrawing"])
        wanted = case((taken_back, "withdrawing"), else_=state) if state == "published" else state
        for part in chunks(ids):
            self._connection.execute(
                update(guideline_notes).where(self._among(guideline_notes.c.id, part)).values(state=wanted)
            )

    def publishable(self, project_id: int) -> list[GuidelineNote]:
        """Notes of corrections that are applied: what the instructions should hold."""
        rows = self._connection.execute(
            select(guideline_notes)
            .join(corrections, corrections.c.issue_id == guideline_notes.c.issue_id)
            .where(
                guideline_notes.c.project_id == project_id,
                guideline_notes.c.state.in_(["accepted", "published"]),
                corrections.c.state == CorrectionState.APPLIED.value,
            )
            .order_by(guideline_notes.c.given, guideline_notes.c.label, guideline_notes.c.created_at)
        )
        return [GuidelineNote(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public accessor

    def withdraw_of_issue(self, issue_id: str) -> int:
        """Take back the notes of a correction that does not stand; how many the instructions may hold.

        A published note is `withdrawing` until the instructions are written without it. One that is not
        published counts too: it may just be on its way.
        """
        state = guideline_notes.c.state
        done = self._connection.execute(
            update(guideline_notes)
            .where(guideline_notes.c.issue_id == issue_id, state.in_(["accepted", "published"]))
            .values(state=case((state == "published", "withdrawing"), else_="withdrawn"))
        )
        return int(done.rowcount)
