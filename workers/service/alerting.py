"""The look for alerts in a tick: what stands becomes alerts, what happened events, told from one outbox."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from connector.alerts.outbox import EVENTS, due_at, is_urgent, merged, topic_of, wants
from connector.alerts.readings import Figures, counters, growth, readings, rotated
from connector.alerts.rules import advance, notices
from connector.config.alerts import AlertSettings
from connector.errors import SecondlookError
from connector.model.alerts import AlertKey, CounterSnapshot, Notice, Severity, Topic
from connector.model.moments import is_over
from connector.store.repositories.alerts import EVENTS_UNTIL, LOOKED_AT
from connector.store.unit_of_work import UnitOfWork
from connector.store.views.metrics import watched_metrics
from connector.wiring import Services

log = structlog.get_logger(__name__)

KEPT = timedelta(days=30)  # messages that went out, alerts that ended
COUNTED_AT = "alert_counters"  # the fact that holds the counters as they stood some minutes ago
MOST_EVENTS = 5_000  # rows of the audit log in one look; the rest in the next


@dataclass(frozen=True, slots=True)
class _Look:
    """What was read, and what it was based on."""

    readings: dict[AlertKey, float]
    snapshots: Sequence[CounterSnapshot]  # of counters, to be kept
    before: datetime | None  # when somebody looked last


def look_for_alerts(services: Services) -> bool:
    """Look where it is due; whether it was. A fault here is logged, and costs the tick nothing."""
    settings = services.settings.alerts
    if not settings.enabled:
        return False
    try:
        look = _read(services, settings)
        if look is None:
            return False
        with services.store.begin() as unit:
            if not unit.alerts.take_turn(LOOKED_AT, look.before):
                return False
            _record(unit, settings, look)
    except SecondlookError as error:
        if not services.store.trouble.tells(error):
            log.warning("alerts were not looked for; tried again in the next tick", reason=str(error))
        return False
    except Exception:
        log.exception("alerts were not looked for; tried again in the next tick")
        return False
    return True


def _read(services: Services, settings: AlertSettings) -> _Look | None:
    """Everything that takes long, in a transaction that keeps nobody from writing."""
    with services.store.read() as unit:
        before = unit.facts.at(LOOKED_AT)
        every = timedelta(seconds=settings.every_seconds)
        if not is_over(before, every, unit.now):
            return None
        samples = watched_metrics(unit)
        kept = _kept_counters(unit)
        grown = growth(samples, kept[0]) if kept else {}
        snapshots = rotated(kept, counters(samples, unit.now))
        return _Look(readings(Figures(samples, unit.now, grown)), snapshots, before)


def _record(unit: UnitOfWork, settings: AlertSettings, look: _Look) -> None:
    unit.facts.put(COUNTED_AT, json.dumps([dict(one.to_json()) for one in look.snapshots]))
    stored = unit.alerts.all()
    changed = advance(stored, look.readings, unit.now, timedelta(minutes=settings.calm_minutes))
    standing = [one for one in ({**stored, **changed}).values() if one is not None]
    repeat = timedelta(hours=settings.repeat_hours)
    announced: list[Notice] = []
    for alert, notice in notices(standing, unit.alerts.silences(), unit.now, repeat):
        changed[alert.key] = alert
        announced.append(notice)
    unit.alerts.put(changed)
    post_notices(unit, settings, [*announced, *_events(unit)])
    unit.alerts.forget(unit.now - KEPT)
    _log_changes(announced)


def post_notices(unit: UnitOfWork, settings: AlertSettings, announced: Sequence[Notice]) -> None:
    """Put what each channel wants to tell into its messages, in this transaction."""
    for name, channel in settings.channels.items():
        groups: dict[tuple[str, str], list[Notice]] = {}
        for notice in announced:
            if wants(channel, notice):
                groups.setdefault((notice.project, topic_of(channel, notice)), []).append(notice)
        for (project, topic), some in groups.items():
            waiting = unit.alerts.waiting(name, project, topic)
            if waiting is None:
                last = unit.alerts.last_due(name, project, topic)
                due = due_at(unit.now, last, is_urgent(some), channel, settings)
                unit.alerts.add_message(name, project, topic, merged((), some), due)
            else:
                due = unit.now if is_urgent(some) else waiting.due_at
                unit.alerts.extend(waiting, merged(waiting.notices, some), due)


def _events(unit: UnitOfWork) -> list[Notice]:
    """What happened since the last look, counted by project and kind. The first look begins with now."""
    kept = unit.facts.get(EVENTS_UNTIL)
    last, _ = unit.audit.head()
    if kept is None:
        unit.facts.put(EVENTS_UNTIL, str(last))
        return []
    rows = unit.audit.named(EVENTS, int(kept), last, MOST_EVENTS)
    unit.facts.put(EVENTS_UNTIL, str(rows[-1].seq if len(rows) == MOST_EVENTS else last))
    result = []
    for row in rows:
        kind, counted = EVENTS[row.action]
        n = len(row.detail[counted]) if counted else 1
        result.append(Notice(Topic.EVENT, kind.value, row.project or "", Severity.INFO, row.at, count=n))
    return list(merged((), result))


def _kept_counters(unit: UnitOfWork) -> list[CounterSnapshot]:
    return [CounterSnapshot.from_json(one) for one in json.loads(unit.facts.get(COUNTED_AT) or "[]")]


def _log_changes(announced: Sequence[Notice]) -> None:
    for notice in announced:
        level = log.warning if notice.topic is not Topic.RESOLVED else log.info
        level(notice.topic.value, rule=notice.name, project=notice.project or None, subject=notice.subject)
