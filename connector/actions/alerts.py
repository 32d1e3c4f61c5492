"""What a person may do with alerts: take one on, have them told to nobody for a while, try a channel."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta

from connector.config.alerts import AlertSettings
from connector.errors import BadPayload, Conflict, NotFound
from connector.model.alerts import AlertKey, AlertPhase, AlertRule, Notice, Severity, Topic
from connector.store.unit_of_work import UnitOfWork

LONGEST_HOURS = 24 * 90.0


def silence(unit: UnitOfWork, rule: str, project: str, hours: float, by: str) -> datetime:
    """Tell nobody of a rule for so many hours, in one project or everywhere (empty); until when.

    Raises
    ------
    BadPayload
        There is no such rule, or the hours are not more than 0 and at most 90 days.
    NotFound
        There is no such project.
    """
    chosen = rule_named(rule)
    if not (math.isfinite(hours) and 0 < hours <= LONGEST_HOURS):
        msg = f"hours: {hours:g} is not more than 0 and at most {LONGEST_HOURS:g}"
        raise BadPayload(msg)
    _require_project(unit, project)
    until = unit.now + timedelta(hours=hours)
    unit.alerts.silence(chosen, project, until, by)
    detail = {"until": until.isoformat(), "everywhere": not project}
    unit.audit.append(by, "alert.silenced", chosen.value, detail, project or None)
    return until


def acknowledge(unit: UnitOfWork, key: AlertKey, by: str) -> None:
    """Say that somebody sees to an alert: it is told of no more until it is over, and then once.

    Raises
    ------
    NotFound
        Nothing of the kind is known.
    Conflict
        It does not fire (any more), or somebody has taken it on before.
    """
    status = unit.alerts.all().get(key)
    if status is None:
        msg = f"there is no alert {key.rule.value} {f'in {key.project}' if key.project else 'of the service'}"
        raise NotFound(msg)
    if status.phase is not AlertPhase.FIRING:
        raise Conflict(f"the alert is {status.phase.value} now")
    if status.acknowledged_by is not None:
        raise Conflict(f"{status.acknowledged_by} sees to it already")
    unit.alerts.put({key: replace(status, acknowledged_by=by)})
    unit.audit.append(by, "alert.acknowledged", key.rule.value, {"about": key.subject}, key.project or None)


def end_silence(unit: UnitOfWork, rule: str, project: str, by: str) -> None:
    """Let a rule be told of again; NotFound where it is not silenced there."""
    chosen = rule_named(rule)
    if not unit.alerts.end_silence(chosen, project):
        msg = f"{chosen.value} is not silenced {f'in {project}' if project else 'everywhere'}"
        raise NotFound(msg)
    unit.audit.append(by, "alert.heard_again", chosen.value, {}, project or None)


def ask_test(unit: UnitOfWork, settings: AlertSettings, channel: str, by: str) -> str:
    """Have a message sent that says that it is a test; its id. NotFound where there is no such channel."""
    if channel not in settings.channels:
        known = ", ".join(sorted(settings.channels)) or "none"
        msg = f"there is no channel {channel!r} (configured: {known})"
        raise NotFound(msg)
    notice = Notice(Topic.TEST, Topic.TEST.value, "", Severity.INFO, unit.now)
    unit.audit.append(by, "alert.tested", channel, {})
    return unit.alerts.add_message(channel, "", Topic.TEST.value, [notice], unit.now)


def rule_named(name: str) -> AlertRule:
    """BadPayload where there is no such rule."""
    try:
        return AlertRule(name)
    except ValueError:
        msg = f"rule: {name!r} is none of {', '.join(AlertRule)}"
        raise BadPayload(msg) from None


def _require_project(unit: UnitOfWork, project: str) -> None:
    if project and unit.projects.by_name(project) is None:
        msg = f"there is no project {project!r}, or it was not synced yet"
        raise NotFound(msg)
