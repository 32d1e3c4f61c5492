"""When an alert fires and when it ends: bounds with a gap between them, and time on both sides. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from connector.model.alerts import (
    AlertKey,
    AlertPhase,
    AlertRule,
    AlertStatus,
    Notice,
    Severity,
    Silence,
    Topic,
)

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
AT_ONCE = timedelta(0)


@dataclass(frozen=True, slots=True)
class Threshold:
    """Fires where the reading is above `high` for as long as `after`; ends where it is at most `low`.

    Between the two nothing changes. A `milestone` is good news: it is told once, and never as resolved.
    """

    high: float
    low: float
    after: timedelta = AT_ONCE
    severity: Severity = Severity.WARNING
    milestone: bool = False


# The same bounds as those of deploy/prometheus/rules.yaml; a test holds both against each other.
THRESHOLDS: Mapping[AlertRule, Threshold] = {
    AlertRule.SCHEDULER_LATE: Threshold(120.0, 60.0),
    AlertRule.WORKER_SILENT: Threshold(900.0, 300.0),
    AlertRule.JOBS_WAITING: Threshold(900.0, 300.0, MINUTE),
    AlertRule.JOBS_DEAD: Threshold(0.0, 0.0),
    AlertRule.PROJECT_PAUSED: Threshold(0.0, 0.0, after=5 * MINUTE),
    AlertRule.PLATFORM_AWAY: Threshold(300.0, 0.0),
    AlertRule.WEBHOOKS_REFUSED: Threshold(5.0, 0.0),
    AlertRule.PLATFORM_ERRORS: Threshold(0.05, 0.02, 5 * MINUTE),
    AlertRule.REVIEW_BACKLOG_OLD: Threshold(14 * 86_400.0, 13 * 86_400.0, severity=Severity.INFO),
    AlertRule.CORRECTIONS_HELD: Threshold(0.0, 0.0),
    AlertRule.BOUND_ABOVE_TARGET: Threshold(1.0, 1.0, 7 * DAY, Severity.INFO),
    AlertRule.REVIEWER_DRIFT: Threshold(0.0, 0.0, severity=Severity.INFO),
    AlertRule.GOLDEN_DOUBTED: Threshold(0.0, 0.0),
    AlertRule.AUDIT_BROKEN: Threshold(0.0, 0.0, severity=Severity.CRITICAL),
    # Between an answer and the questions that follow it there is a moment with none open.
    AlertRule.BATCH_FINISHED: Threshold(0.5, 0.5, 10 * MINUTE, Severity.INFO, milestone=True),
    AlertRule.CLEAN_ENOUGH: Threshold(0.5, 0.5, severity=Severity.INFO, milestone=True),
}


def advance(
    stored: Mapping[AlertKey, AlertStatus],
    readings: Mapping[AlertKey, float],
    now: datetime,
    calm: timedelta,
) -> dict[AlertKey, AlertStatus | None]:
    """What becomes of each alert by what is read now; None where nothing is left to keep.

    Parameters
    ----------
    stored
        Alerts as they stand: pending, firing, or resolved before.
    readings
        What every rule reads. A thing that is not read any more is as good as well.
    calm
        How long a cause must be gone before its alert ends.
    """
    changed: dict[AlertKey, AlertStatus | None] = {}
    for key in {*stored, *readings}:
        before = stored.get(key)
        after = _next(before, key, readings.get(key, 0.0), now, calm)
        if after != before:
            changed[key] = after
    return changed


def _next(
    before: AlertStatus | None, key: AlertKey, value: float, now: datetime, calm: timedelta
) -> AlertStatus | None:
    threshold = THRESHOLDS[key.rule]
    active = before is not None and before.phase is not AlertPhase.RESOLVED
    if value > threshold.high:
        start = before if active else None
        return _raised(start or AlertStatus(key, AlertPhase.PENDING, value, now), value, now, threshold)
    if before is None or not active:
        return before
    if before.phase is AlertPhase.PENDING:
        return None
    return _calmed(before, value, now, calm) if value <= threshold.low else replace(before, calm_since=None)


def _raised(status: AlertStatus, value: float, now: datetime, threshold: Threshold) -> AlertStatus:
    since = min(status.since, now)  # a moment to come was noted by a clock that has been set back
    fires = status.phase is AlertPhase.FIRING or now - since >= threshold.after
    phase = AlertPhase.FIRING if fires else AlertPhase.PENDING
    return replace(status, phase=phase, value=value, since=since, calm_since=None)


def _calmed(status: AlertStatus, value: float, now: datetime, calm: timedelta) -> AlertStatus:
    calm_since = now if status.calm_since is None else min(status.calm_since, now)
    if now - calm_since < calm:
        return replace(status, calm_since=calm_since)
    return replace(status, phase=AlertPhase.RESOLVED, value=value, calm_since=calm_since, resolved_at=now)


def notices(
    alerts: Sequence[AlertStatus], silences: Sequence[Silence], now: datetime, repeat: timedelta
) -> Iterator[tuple[AlertStatus, Notice]]:
    """What is to be told now, each with its alert as it stands once that is noted down.

    What fires in silence is told when the silence ends, if it fires still; what nobody was told of is not
    told as resolved either.
    """
    for alert in alerts:
        if any(silence.covers(alert.key, now) for silence in silences):
            continue
        topic = _topic(alert, now, repeat)
        if topic is not None:
            noted = None if topic is Topic.RESOLVED else now
            yield replace(alert, notified_at=noted), _notice(alert, topic, now)


def _topic(alert: AlertStatus, now: datetime, repeat: timedelta) -> Topic | None:
    notified, milestone = alert.notified_at, THRESHOLDS[alert.key.rule].milestone
    if alert.phase is AlertPhase.RESOLVED:
        return Topic.RESOLVED if notified is not None and not milestone else None
    if alert.phase is not AlertPhase.FIRING:
        return None
    if notified is None:
        return Topic.FIRING
    due = abs(now - notified) >= repeat and alert.acknowledged_by is None
    return Topic.REPEATED if due and not milestone else None


def _notice(alert: AlertStatus, topic: Topic, now: datetime) -> Notice:
    key = alert.key
    return Notice(
        topic=topic,
        name=key.rule.value,
        project=key.project,
        severity=THRESHOLDS[key.rule].severity,
        at=now,
        subject=key.subject,
        value=alert.value,
        since=alert.since,
    )
