"""Corrections: the journal of every label that was, or was to be, written back."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, insert, or_, select, update

from connector.model import Correction, CorrectionEvidence, CorrectionState, Json, WriteMode, WriteRecord
from connector.store.repositories.base import Repository, chunks
from connector.store.tables import annotation_rows, corrections, items

UNWRITTEN = (
    CorrectionState.PENDING,
    CorrectionState.WAITING,
    CorrectionState.HELD,
    CorrectionState.DRY_RUN,
)


def may_stand() -> ColumnElement[bool]:
    """A correction that is written, or may be just now, or is not taken back yet."""
    return or_(
        corrections.c.state.in_([CorrectionState.APPLIED.value, CorrectionState.REVERTING.value]),
        and_(corrections.c.state == CorrectionState.PENDING.value, corrections.c.before.is_not(None)),
    )


def adopted_run(project_id: int) -> str:
    """The run under which a project's corrections stand that were found on the platform, not decided here."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"adopted/{project_id}"))


class Corrections(Repository):
    def add(self, correction: Correction) -> None:
        values = asdict(correction)
        values |= {
            "mode": correction.mode.value,
            "state": correction.state.value,
            "evidence": correction.evidence.to_json(),
            "created_at": self._now,
        }
        self._connection.execute(insert(corrections).values(**values))

    def get(self, correction_id: str) -> Correction | None:
        row = self._connection.execute(
            select(corrections).where(corrections.c.id == correction_id)
        ).one_or_none()
        return None if row is None else _correction(row)

    def known(self, ids: Sequence[str]) -> dict[str, Correction]:
        """Those of these corrections that are stored, by id."""
        rows = [one for part in chunks(ids) for one in self._where(self._among(corrections.c.id, part))]
        return {one.id: one for one in rows}

    def adopted_count(self, project_id: int) -> int:
        """How many corrections stand that were found on the platform, and are not known otherwise."""
        query = select(func.count()).where(
            corrections.c.run_id == adopted_run(project_id),
            corrections.c.state == CorrectionState.APPLIED.value,
        )
        return int(self._connection.execute(query).scalar_one())

    def others_hold(self, correction_id: str, n_annotations: int) -> None:
        """How many annotations of others hold what it put right."""
        self._set(correction_id, others=n_annotations)

    def held_by_others(self, project_id: int) -> int:
        """How often annotations of others hold what corrections that stand put right, in items that exist."""
        here = exists().where(items.c.id == corrections.c.item_id, items.c.deleted_at.is_(None))
        query = select(func.coalesce(func.sum(corrections.c.others), 0)).where(
            corrections.c.project_id == project_id, corrections.c.state == CorrectionState.APPLIED.value, here
        )
        return int(self._connection.execute(query).scalar_one())

    def all_of_issue(self, issue_id: str) -> list[Correction]:
        """One for each decision that asked for one, in the order they were made."""
        return self._where(corrections.c.issue_id == issue_id)

    def standing(self, issue_ids: Sequence[str]) -> dict[str, Correction]:
        """Issue id → its correction that is written, or may be just now."""
        result: dict[str, Correction] = {}
        for part in chunks(issue_ids):
            rows = self._where(self._among(corrections.c.issue_id, part), may_stand())
            result.update({one.issue_id: one for one in rows})
        return result

    def unwritten(self, item_ids: Sequence[int]) -> list[Correction]:
        """Corrections of these items that are still to be written, as far as we know."""
        states = [state.value for state in UNWRITTEN]
        return [
            one
            for part in chunks(item_ids)
            for one in self._where(self._among(corrections.c.item_id, part), corrections.c.state.in_(states))
        ]

    def cancel(self, correction_id: str, reason: str) -> bool:
        """Let go of a correction of which nothing was written; False where something may have been."""
        done = self._connection.execute(
            update(corrections)
            .where(
                corrections.c.id == correction_id,
                corrections.c.state.in_([state.value for state in UNWRITTEN]),
                corrections.c.before.is_(None),
            )
            .values(state=CorrectionState.CANCELLED.value, error=reason)
        )
        return bool(done.rowcount)

    def of_run(self, run_id: str) -> list[Correction]:
        return self._where(corrections.c.run_id == run_id)

    def listed(
        self, project_id: int, state: CorrectionState | None = None, limit: int | None = None
    ) -> list[Correction]:
        conditions = [corrections.c.project_id == project_id]
        if state is not None:
            conditions.append(corrections.c.state == state.value)
        return self._where(*conditions, limit=limit)

    def may_stand_on(self, project_id: int, item_ids: Sequence[int]) -> list[Correction]:
        """Corrections of these items that are written, or may be just now, or are not taken back yet."""
        result: list[Correction] = []
        for part in chunks(item_ids):
            result += self._where(
                corrections.c.project_id == project_id,
                may_stand(),
                self._among(corrections.c.item_id, part),
            )
        return result

    def waiting(self, issue_id: str) -> Correction | None:
        """The correction that waits for the one before it to be taken back."""
        result = self._where(
            corrections.c.issue_id == issue_id, corrections.c.state == CorrectionState.WAITING.value
        )
        return result[0] if result else None

    def adopt(self, correction_id: str, decision_id: str) -> None:
        """A new decision asks for the same: the correction is that decision's from now on."""
        self._set(correction_id, decision_id=decision_id)

    def prepared(self, correction_id: str, before: Json) -> bool:
        """Journal what is about to be replaced; False where the correction was let go of meanwhile."""
        done = self._connection.execute(
            update(corrections)
            .where(corrections.c.id == correction_id, corrections.c.state == CorrectionState.PENDING.value)
            .values(before=dict(before))
        )
        return bool(done.rowcount)

    def applied(self, correction_id: str, record: WriteRecord) -> None:
        self._set(
            correction_id,
            state=CorrectionState.APPLIED.value,
            remote_id=record.remote_id,
            before=dict(record.before),
            after=dict(record.after),
            applied_at=self._now,
            error=None,
        )

    def stands_as(self, correction_id: str, remote_id: str) -> None:
        """It is what stands under this id: that of the record is gone."""
        self._set(correction_id, remote_id=remote_id)

    def set_state(self, correction_id: str, state: CorrectionState, error: str | None = None) -> None:
        self._set(correction_id, state=state.value, error=error)

    def take_back(self, correction_id: str) -> bool:
        """Have an applied correction reverted; False where it is not applied (any more)."""
        done = self._connection.execute(
            update(corrections)
            .where(corrections.c.id == correction_id, corrections.c.state == CorrectionState.APPLIED.value)
            .values(state=CorrectionState.REVERTING.value, error=None)
        )
        return bool(done.rowcount)

    def reverted(self, correction_id: str, why_not_restored: str | None = None) -> None:
        """Nothing of it stands any more; `why_not_restored` where the label of before does not either."""
        self._set(
            correction_id,
            state=CorrectionState.REVERTED.value,
            reverted_at=self._now,
            error=why_not_restored,
        )

    def reverted_beside(self, project_id: int, annotation_ids: Sequence[str]) -> list[Correction]:
        """The last corrections that took the place of these annotations, of those where none does now.

        The annotations are named by the platform's ids.
        """
        last: dict[int, Correction] = {}
        for part in chunks(annotation_ids):
            of = select(annotation_rows.c.id).where(self._among(annotation_rows.c.remote_id, part))
            for one in self._where(
                corrections.c.project_id == project_id,
                corrections.c.mode == WriteMode.REPLACE.value,
                corrections.c.annotation_id.in_(of),
            ):
                last[one.annotation_id] = one
        return [one for one in last.values() if one.state is CorrectionState.REVERTED]

    def taken_away(self, correction_id: str, reason: str) -> bool:
        """What was written does not stand any more, and nobody here took it back: a person is asked.

        Held as if it had never been written; what was written stands in the audit log. False where it is
        not applied (any more).
        """
        done = self._connection.execute(
            update(corrections)
            .where(corrections.c.id == correction_id, corrections.c.state == CorrectionState.APPLIED.value)
            .values(
                state=CorrectionState.HELD.value,
                error=reason,
                before=None,
                after=None,
                remote_id=None,
                applied_at=None,
            )
        )
        return bool(done.rowcount)

    def items_written_since(self, project_id: int, moment: datetime) -> list[str]:
        """Remote ids of items that exist and that a correction was written to, or taken from, since then."""
        query = (
            select(items.c.remote_id)
            .join(corrections, corrections.c.item_id == items.c.id)
            .where(
                corrections.c.project_id == project_id,
                or_(corrections.c.applied_at >= moment, corrections.c.reverted_at >= moment),
                items.c.deleted_at.is_(None),
            )
            .distinct()
        )
        return sorted(self._connection.execute(query).scalars())

    def standing_on_items(self, project_id: int) -> list[Correction]:
        """Corrections that are written, and whose items exist."""
        here = exists().where(items.c.id == corrections.c.item_id, items.c.deleted_at.is_(None))
        mine = (corrections.c.project_id == project_id, here)
        return self._where(*mine, corrections.c.state == CorrectionState.APPLIED.value)

    def counts(self, project_id: int) -> dict[CorrectionState, int]:
        rows = self._connection.execute(
            select(corrections.c.state, func.count())
            .where(corrections.c.project_id == project_id)
            .group_by(corrections.c.state)
        )
        return {CorrectionState(state): int(n) for state, n in rows}

    def _where(self, *conditions: Any, limit: int | None = None) -> list[Correction]:
        query = (
            select(corrections)
            .where(*conditions)
            .order_by(corrections.c.created_at, corrections.c.id)
            .limit(limit)
        )
        return [_correction(row) for row in self._connection.execute(query)]

    def _set(self, correction_id: str, **values: Any) -> None:
        self._connection.execute(
            update(corrections).where(corrections.c.id == correction_id).values(**values)
        )


def _correction(row: Any) -> Correction:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public accessor
    values |= {"mode": WriteMode(row.mode), "state": CorrectionState(row.state)}
    values["evidence"] = CorrectionEvidence.from_json(row.evidence)
    return Correction(**values)
