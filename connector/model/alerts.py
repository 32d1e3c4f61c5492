"""What people are told of: alerts that fire and resolve, events that happened, and the messages of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from connector.model.platform import Json


class Severity(StrEnum):
    """How much an alert matters; each more than the one before. `critical` waits for no quiet hours."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


SEVERITIES = tuple(Severity)


class AlertRule(StrEnum):
    """What can fire; each value is stored and so never renamed without a migration."""

    SCHEDULER_LATE = "scheduler_late"
    WORKER_SILENT = "worker_silent"
    JOBS_WAITING = "jobs_waiting"
    JOBS_DEAD = "jobs_dead"
    PROJECT_PAUSED = "project_paused"
    PLATFORM_AWAY = "platform_away"
    WEBHOOKS_REFUSED = "webhooks_refused"
    PLATFORM_ERRORS = "platform_errors"
    REVIEW_BACKLOG_OLD = "review_backlog_old"
    CORRECTIONS_HELD = "corrections_held"
    BOUND_ABOVE_TARGET = "bound_above_target"
    REVIEWER_DRIFT = "reviewer_drift"
    GOLDEN_DOUBTED = "golden_doubted"
    AUDIT_BROKEN = "audit_broken"
    BATCH_FINISHED = "batch_finished"  # good news: told once, and never as resolved
    CLEAN_ENOUGH = "clean_enough"  # the same


class EventKind(StrEnum):
    """What happened, as the audit log has it."""

    QUESTION_OPENED = "question.opened"
    CORRECTION_WRITTEN = "correction.written"
    CORRECTION_HELD = "correction.held"
    CORRECTION_REVERTED = "correction.reverted"
    GUIDELINE_ASKED = "guideline.asked"
    REPORT_MADE = "report.made"


class AlertPhase(StrEnum):
    PENDING = "pending"  # the condition holds, but not for long enough
    FIRING = "firing"
    RESOLVED = "resolved"


class Topic(StrEnum):
    """What a message is about."""

    FIRING = "alert.firing"
    REPEATED = "alert.repeated"
    RESOLVED = "alert.resolved"
    EVENT = "event"
    DIGEST = "digest"  # several of those above, of one project
    TEST = "test"


@dataclass(frozen=True, slots=True)
class AlertKey:
    """`project` is empty for the installation itself; `subject` tells things of one rule apart."""

    rule: AlertRule
    project: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class AlertStatus:
    """Where an alert stands; `calm_since`: fires still, but its condition has not held since then."""

    key: AlertKey
    phase: AlertPhase
    value: float
    since: datetime
    calm_since: datetime | None = None
    resolved_at: datetime | None = None
    notified_at: datetime | None = None  # of its firing; None: nobody was told of it
    acknowledged_by: str | None = None  # who has taken it on, so that it is not told of again while it fires


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that a channel may want to tell. `count` of an event; `value` and `since` of an alert."""

    topic: Topic
    name: str  # an AlertRule or an EventKind
    project: str
    severity: Severity
    at: datetime
    subject: str = ""
    value: float | None = None
    since: datetime | None = None
    count: int = 1

    def to_json(self) -> Json:
        return {
            "topic": self.topic.value,
            "name": self.name,
            "project": self.project,
            "severity": self.severity.value,
            "at": self.at.isoformat(),
            "subject": self.subject,
            "value": self.value,
            "since": None if self.since is None else self.since.isoformat(),
            "count": self.count,
        }

    @classmethod
    def from_json(cls, stored: Json) -> Notice:
        since = stored["since"]
        return cls(
            topic=Topic(stored["topic"]),
            name=stored["name"],
            project=stored["project"],
            severity=Severity(stored["severity"]),
            at=datetime.fromisoformat(stored["at"]),
            subject=stored["subject"],
            value=stored["value"],
            since=None if since is None else datetime.fromisoformat(since),
            count=stored["count"],
        )


@dataclass(frozen=True, slots=True)
class Silence:
    """Nobody is told of a rule until a moment: in one project, or everywhere (empty)."""

    id: str
    rule: AlertRule
    project: str
    until: datetime
    by: str
    at: datetime

    def covers(self, key: AlertKey, now: datetime) -> bool:
        return self.rule is key.rule and self.project in ("", key.project) and now < self.until


@dataclass(frozen=True, slots=True)
class AlertMessage:
    """What is to be sent, or was: `id` is the same however often it is tried, and so is what it says."""

    id: str
    channel: str
    project: str
    topic: str  # a Topic, or of a webhook the EventKind
    notices: tuple[Notice, ...]
    created_at: datetime
    due_at: datetime
    attempts: int = 0
    sent_at: datetime | None = None
    given_up_at: datetime | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class CounterSnapshot:
    """Counters as they stood at a moment, so that their growth since can be told."""

    at: datetime
    values: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> Json:
        return {"at": self.at.isoformat(), "values": dict(self.values)}

    @classmethod
    def from_json(cls, stored: Json) -> CounterSnapshot:
        return cls(datetime.fromisoformat(stored["at"]), stored["values"])
