"""Alerts and messages as they are listed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from connector.model.alerts import AlertMessage, AlertPhase, AlertStatus
from connector.store.unit_of_work import UnitOfWork
from connector.wording.alerts import alert_sentence, alert_title, message_title, notice_link

PHASES = (AlertPhase.FIRING, AlertPhase.PENDING, AlertPhase.RESOLVED)


@dataclass(frozen=True, slots=True)
class AlertRow:
    rule: str
    title: str
    project: str
    subject: str
    state: str
    value: float
    says: str
    since: datetime
    resolved_at: datetime | None
    notified_at: datetime | None
    acknowledged_by: str | None
    silent_until: datetime | None
    link: str


@dataclass(frozen=True, slots=True)
class MessageRow:
    id: str
    channel: str
    project: str
    topic: str
    title: str
    state: str
    attempts: int
    created_at: datetime
    due_at: datetime
    sent_at: datetime | None
    error: str | None


def alert_rows(unit: UnitOfWork) -> list[AlertRow]:
    """What fires first, and in each state the latest first."""
    silences = unit.alerts.silences()

    def row(one: AlertStatus) -> AlertRow:
        key = one.key
        silent = [each.until for each in silences if each.covers(key, unit.now)]
        return AlertRow(
            rule=key.rule.value,
            title=alert_title(key.rule),
            project=key.project,
            subject=key.subject,
            state=one.phase.value,
            value=one.value,
            says=alert_sentence(key.rule, one.value, key.subject),
            since=one.since,
            resolved_at=one.resolved_at,
            notified_at=one.notified_at,
            acknowledged_by=one.acknowledged_by,
            silent_until=max(silent, default=None),
            link=notice_link(key.rule.value, key.project),
        )

    latest = sorted(unit.alerts.all().values(), key=lambda one: one.since, reverse=True)
    return [row(one) for one in sorted(latest, key=lambda one: PHASES.index(one.phase))]


def message_rows(unit: UnitOfWork, limit: int) -> list[MessageRow]:
    return [
        MessageRow(
            id=one.id,
            channel=one.channel,
            project=one.project,
            topic=one.topic,
            title=message_title(one),
            state=_state(one),
            attempts=one.attempts,
            created_at=one.created_at,
            due_at=one.due_at,
            sent_at=one.sent_at,
            error=one.error,
        )
        for one in unit.alerts.messages(limit)
    ]


def _state(message: AlertMessage) -> str:
    if message.sent_at is not None:
        return "sent"
    return "given_up" if message.given_up_at is not None else "waiting"
