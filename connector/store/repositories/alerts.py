"""Alerts as they stand, silences, and the outbox of messages."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select, update

from connector.model.alerts import (
    AlertKey,
    AlertMessage,
    AlertPhase,
    AlertRule,
    AlertStatus,
    Notice,
    Silence,
)
from connector.store.repositories.base import Repository
from connector.store.tables import alert_messages, alert_silences, alerts, facts

ERROR_CHARS = 300
LOOKED_AT = "alerts_looked_at"  # the fact that holds the counters as they stood, and when
EVENTS_UNTIL = "alert_events"  # the fact that holds the last row of the audit log that was looked at


@dataclass(frozen=True, slots=True)
class MessageClaim:
    """A message to be sent, and the right to settle what becomes of it."""

    message: AlertMessage
    token: str


class Alerts(Repository):
    def take_turn(self, name: str, before: datetime | None) -> bool:
        """Whether it is ours to look now: nobody else has since the fact was read."""
        if before is None:
            new = self._insert(facts).values(name=name, value="", at=self._now)
            added = new.on_conflict_do_nothing(index_elements=["name"]).returning(facts.c.name)
            return self._connection.execute(added).first() is not None
        ours = update(facts).where(facts.c.name == name, facts.c.at == before).values(at=self._now)
        return bool(self._connection.execute(ours).rowcount)

    def all(self) -> dict[AlertKey, AlertStatus]:
        result = [_status(row) for row in self._connection.execute(self._held(select(alerts), alerts))]
        return {one.key: one for one in result}

    def put(self, changed: Mapping[AlertKey, AlertStatus | None]) -> None:
        """Store alerts as they stand now; those of None are forgotten."""
        for key, status in changed.items():
            self._connection.execute(delete(alerts).where(_is(key)))
            if status is not None:
                self._connection.execute(insert(alerts).values(_columns(status)))

    def silences(self) -> list[Silence]:
        """Those that last still, the first to end first."""
        query = select(alert_silences).where(alert_silences.c.until > self._now)
        return [
            Silence(row.id, AlertRule(row.rule), row.project, row.until, row.by, row.at)
            for row in self._connection.execute(query.order_by(alert_silences.c.until))
        ]

    def silence(self, rule: AlertRule, project: str, until: datetime, by: str) -> None:
        """From now until then; another silence of the same things ends."""
        self.end_silence(rule, project)
        self._connection.execute(
            insert(alert_silences).values(
                id=str(uuid.uuid4()), rule=rule.value, project=project, until=until, by=by, at=self._now
            )
        )

    def end_silence(self, rule: AlertRule, project: str) -> int:
        same = and_(alert_silences.c.rule == rule.value, alert_silences.c.project == project)
        lasting = and_(same, alert_silences.c.until > self._now)
        return int(self._connection.execute(delete(alert_silences).where(lasting)).rowcount)

    def waiting(self, channel: str, project: str, topic: str) -> AlertMessage | None:
        """The message about these things that nobody has tried to send yet."""
        query = select(alert_messages).where(
            _about(channel, project, topic), alert_messages.c.attempts == 0, _OPEN
        )
        row = self._connection.execute(self._held(query, alert_messages)).first()
        return None if row is None else _message(row)

    def last_due(self, channel: str, project: str, topic: str) -> datetime | None:
        """When the latest message about these things was due."""
        query = select(func.max(alert_messages.c.due_at)).where(_about(channel, project, topic))
        result: datetime | None = self._connection.execute(query).scalar_one_or_none()
        return result

    def add_message(
        self, channel: str, project: str, topic: str, notices: Sequence[Notice], due_at: datetime
    ) -> str:
        message_id = str(uuid.uuid4())
        self._connection.execute(
            insert(alert_messages).values(
                id=message_id,
                channel=channel,
                project=project,
                topic=topic,
                notices=[dict(one.to_json()) for one in notices],
                created_at=self._now,
                due_at=due_at,
                attempts=0,
            )
        )
        return message_id

    def extend(self, message: AlertMessage, notices: Sequence[Notice], due_at: datetime) -> None:
        """Let a message that nobody has tried to send tell more."""
        values = {"notices": [dict(one.to_json()) for one in notices], "due_at": due_at}
        self._connection.execute(
            update(alert_messages).where(alert_messages.c.id == message.id).values(values)
        )

    def claim(self, channel: str, lease: timedelta) -> MessageClaim | None:
        """The oldest due message of a channel that nobody else is sending."""
        free = or_(
            alert_messages.c.claimed_until.is_(None),
            alert_messages.c.claimed_until < self._now,
            alert_messages.c.claimed_until > self._now + 2 * lease,  # by a clock that has been set back
        )
        query = (
            select(alert_messages)
            .where(alert_messages.c.channel == channel, alert_messages.c.due_at <= self._now, _OPEN, free)
            .order_by(alert_messages.c.due_at, alert_messages.c.created_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        row = self._connection.execute(query).first()
        if row is None:
            return None
        token = str(uuid.uuid4())
        ours = {"claim": token, "claimed_until": self._now + lease, "attempts": row.attempts + 1}
        self._connection.execute(update(alert_messages).where(alert_messages.c.id == row.id).values(ours))
        return MessageClaim(_message(row), token)

    def failed(self, claim: MessageClaim, error: str, retry_at: datetime | None) -> None:
        """It was not sent: it is to be sent again later, or is given up."""
        ended = {"given_up_at": self._now} if retry_at is None else {"due_at": retry_at}
        self._settle(claim, {**ended, "error": error[:ERROR_CHARS]})

    def hasten_all(self) -> None:
        """Let what failed be sent again now: the clock by which it waits was set back."""
        waiting = and_(alert_messages.c.attempts > 0, alert_messages.c.due_at > self._now, _OPEN)
        self._connection.execute(update(alert_messages).where(waiting).values(due_at=self._now))

    def sent(self, claim: MessageClaim, remark: str | None) -> None:
        """It was sent, perhaps not to all."""
        self._settle(claim, {"sent_at": self._now, "error": remark and remark[:ERROR_CHARS]})

    def _settle(self, claim: MessageClaim, values: dict[str, Any]) -> None:
        ours = and_(alert_messages.c.id == claim.message.id, alert_messages.c.claim == claim.token)
        free = {"claim": None, "claimed_until": None}
        self._connection.execute(update(alert_messages).where(ours).values(free | values))

    def due_channels(self) -> list[str]:
        """Channels with messages to be sent now."""
        query = select(alert_messages.c.channel).where(alert_messages.c.due_at <= self._now, _OPEN)
        return sorted(set(self._connection.execute(query.distinct()).scalars()))

    def messages(self, limit: int) -> list[AlertMessage]:
        """The latest first."""
        query = select(alert_messages).order_by(alert_messages.c.created_at.desc(), alert_messages.c.id)
        return [_message(row) for row in self._connection.execute(query.limit(limit))]

    def message(self, message_id: str) -> AlertMessage | None:
        row = self._connection.execute(
            select(alert_messages).where(alert_messages.c.id == message_id)
        ).one_or_none()
        return None if row is None else _message(row)

    def forget(self, before: datetime) -> None:
        """Remove what ended before a moment: messages, alerts, silences."""
        ended = or_(alert_messages.c.sent_at < before, alert_messages.c.given_up_at < before)
        self._connection.execute(delete(alert_messages).where(ended))
        gone = and_(alerts.c.phase == AlertPhase.RESOLVED.value, alerts.c.resolved_at < before)
        self._connection.execute(delete(alerts).where(gone))
        self._connection.execute(delete(alert_silences).where(alert_silences.c.until < before))


_OPEN = and_(alert_messages.c.sent_at.is_(None), alert_messages.c.given_up_at.is_(None))


def _about(channel: str, project: str, topic: str) -> ColumnElement[bool]:
    return and_(
        alert_messages.c.channel == channel,
        alert_messages.c.project == project,
        alert_messages.c.topic == topic,
    )


def _is(key: AlertKey) -> ColumnElement[bool]:
    return and_(
        alerts.c.rule == key.rule.value, alerts.c.project == key.project, alerts.c.subject == key.subject
    )


def _columns(status: AlertStatus) -> dict[str, Any]:
    key = status.key
    return {
        "rule": key.rule.value,
        "project": key.project,
        "subject": key.subject,
        "phase": status.phase.value,
        "value": status.value,
        "since": status.since,
        "calm_since": status.calm_since,
        "resolved_at": status.resolved_at,
        "notified_at": status.notified_at,
        "acknowledged_by": status.acknowledged_by,
    }


def _status(row: Any) -> AlertStatus:
    return AlertStatus(
        key=AlertKey(AlertRule(row.rule), row.project, row.subject),
        phase=AlertPhase(row.phase),
        value=row.value,
        since=row.since,
        calm_since=row.calm_since,
        resolved_at=row.resolved_at,
        notified_at=row.notified_at,
        acknowledged_by=row.acknowledged_by,
    )


def _message(row: Any) -> AlertMessage:
    return AlertMessage(
        id=row.id,
        channel=row.channel,
        project=row.project,
        topic=row.topic,
        notices=tuple(Notice.from_json(one) for one in row.notices),
        created_at=row.created_at,
        due_at=row.due_at,
        attempts=row.attempts,
        sent_at=row.sent_at,
        given_up_at=row.given_up_at,
        error=row.error,
    )
