"""Dated reports: those that wait for their scan, and those that were made."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, insert, select, update

from connector.model import Audit, AuditState, AuditTrigger, Json
from connector.store.repositories.base import Repository
from connector.store.tables import audits, scans


class Audits(Repository):
    def want(self, project_id: int, trigger: AuditTrigger, reason: str) -> str:
        """A report that waits for a scan; its id."""
        audit_id = str(uuid.uuid4())
        self._connection.execute(
            insert(audits).values(
                id=audit_id,
                project_id=project_id,
                trigger=trigger.value,
                reason=reason,
                state=AuditState.WANTED.value,
                wanted_at=self._now,
            )
        )
        return audit_id

    def finish(self, audit_id: str, headline: str, figures: Json) -> None:
        self._connection.execute(
            update(audits)
            .where(audits.c.id == audit_id)
            .values(
                state=AuditState.DONE.value, finished_at=self._now, headline=headline, figures=dict(figures)
            )
        )

    def wanted(self, project_id: int) -> Audit | None:
        """The report that waits, if one does."""
        return self._latest(project_id, audits.c.state == AuditState.WANTED.value)

    def last_done(self, project_id: int) -> Audit | None:
        return self._latest(project_id, audits.c.state == AuditState.DONE.value)

    def last_triggered(self, project_id: int) -> Audit | None:
        """The last report that nobody asked for."""
        return self._latest(project_id, audits.c.trigger != AuditTrigger.PERSON.value)

    def was_triggered_by(self, project_id: int, trigger: AuditTrigger) -> bool:
        return self._latest(project_id, audits.c.trigger == trigger.value) is not None

    def get(self, project_id: int, audit_id: str) -> Audit | None:
        row = self._connection.execute(
            select(audits).where(audits.c.id == audit_id, audits.c.project_id == project_id)
        ).one_or_none()
        return None if row is None else _audit(row)

    def listed(self, project_id: int, limit: int) -> list[Audit]:
        """Reports that were made, the latest first; without their figures, which are long."""
        query = (
            select(*(column for column in audits.c if column is not audits.c.figures))
            .where(audits.c.project_id == project_id, audits.c.state == AuditState.DONE.value)
            .order_by(audits.c.wanted_at.desc(), audits.c.id)
            .limit(limit)
        )
        return [_audit(row) for row in self._connection.execute(query)]

    def first_scan_at(self, project_id: int) -> datetime | None:
        """When labels were first judged."""
        query = (
            select(scans.c.finished_at)
            .where(scans.c.project_id == project_id)
            .order_by(scans.c.finished_at)
            .limit(1)
        )
        result: datetime | None = self._connection.execute(query).scalar_one_or_none()
        return result

    def _latest(self, project_id: int, condition: ColumnElement[bool]) -> Audit | None:
        query = (
            select(audits)
            .where(audits.c.project_id == project_id, condition)
            .order_by(audits.c.wanted_at.desc(), audits.c.id)
            .limit(1)
        )
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _audit(row)


def _audit(row: Any) -> Audit:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public accessor
    values |= {"trigger": AuditTrigger(row.trigger), "state": AuditState(row.state)}
    return Audit(**values)
