"""Alerts and events as people read them: counts and names of settings, never what an item holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from connector.model.alerts import AlertMessage, AlertRule, EventKind, Notice, Topic
from connector.wording.text import number_of, one_line


def span(seconds: float) -> str:
    """A time in its largest unit: '3 hours'."""
    whole = max(int(seconds), 0)
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if whole >= size:
            return number_of(whole // size, unit)
    return number_of(whole, "second")


_ALERTS: Mapping[AlertRule, tuple[str, Callable[[float, str], str]]] = {
    AlertRule.SCHEDULER_LATE: (
        "Scheduler late",
        lambda v, _s: f"Nothing looked for due work for {span(v)}.",
    ),
    AlertRule.WORKER_SILENT: (
        "Worker silent",
        lambda v, _s: f"No worker has done anything for {span(v)}, and jobs wait.",
    ),
    AlertRule.JOBS_WAITING: ("Jobs wait", lambda v, s: f"A job of the kind {s} has waited for {span(v)}."),
    AlertRule.JOBS_DEAD: (
        "Jobs given up",
        lambda v, s: f"{number_of(v, f'job of the kind {s} was', f'jobs of the kind {s} were')} given up.",
    ),
    AlertRule.PROJECT_PAUSED: (
        "Project paused",
        lambda _v, _s: "It waits for a person; its page says for what.",
    ),
    AlertRule.PLATFORM_AWAY: (
        "Platform away",
        lambda v, _s: f"The platform has not answered for {span(v)}; work waits and goes on by itself.",
    ),
    AlertRule.WEBHOOKS_REFUSED: (
        "Webhooks refused",
        lambda v, _s: (
            f"{number_of(v, 'delivery of the platform was', 'deliveries of the platform were')} "
            "not taken within a quarter of an hour."
        ),
    ),
    AlertRule.PLATFORM_ERRORS: ("Requests fail", lambda v, s: f"{v:.0%} of the requests to {s} fail."),
    AlertRule.REVIEW_BACKLOG_OLD: (
        "Old question",
        lambda v, _s: f"A question has waited for answers for {span(v)}.",
    ),
    AlertRule.CORRECTIONS_HELD: (
        "Corrections held",
        lambda v, _s: f"{number_of(v, 'correction is', 'corrections are')} held until a person looks.",
    ),
    AlertRule.BOUND_ABOVE_TARGET: (
        "Not clean enough",
        lambda v, _s: f"The share of wrong labels can be {v:.1f} times what is aimed at, for a week.",
    ),
    AlertRule.REVIEWER_DRIFT: (
        "Reviewers weigh less",
        lambda v, _s: f"The votes of {number_of(v, 'reviewer')} do not weigh in full.",
    ),
    AlertRule.GOLDEN_DOUBTED: (
        "Golden items doubted",
        lambda v, _s: f"Answers contradict {number_of(v, 'golden item')}.",
    ),
    AlertRule.AUDIT_BROKEN: (
        "Audit log broken",
        lambda v, _s: f"The last check of the audit log found {number_of(v, 'fault')}.",
    ),
    AlertRule.BATCH_FINISHED: ("Batch finished", lambda _v, _s: "Every question that was asked is decided."),
    AlertRule.CLEAN_ENOUGH: (
        "Clean enough",
        lambda _v, _s: "The share of wrong labels is below what is aimed at, as far as reviews can tell.",
    ),
}

_EVENTS: Mapping[EventKind, str] = {
    EventKind.QUESTION_OPENED: "question opened",
    EventKind.CORRECTION_WRITTEN: "correction written",
    EventKind.CORRECTION_HELD: "correction held",
    EventKind.CORRECTION_REVERTED: "correction taken back",
    EventKind.GUIDELINE_ASKED: "rule asked for",
    EventKind.REPORT_MADE: "report made",
}
_PLURALS: Mapping[EventKind, str] = {
    EventKind.QUESTION_OPENED: "questions opened",
    EventKind.CORRECTION_WRITTEN: "corrections written",
    EventKind.CORRECTION_HELD: "corrections held",
    EventKind.CORRECTION_REVERTED: "corrections taken back",
    EventKind.GUIDELINE_ASKED: "rules asked for",
    EventKind.REPORT_MADE: "reports made",
}
_PAGES: Mapping[str, str] = {  # of a project
    AlertRule.PROJECT_PAUSED: "",
    AlertRule.PLATFORM_AWAY: "",
    AlertRule.REVIEW_BACKLOG_OLD: "/queue",
    AlertRule.CORRECTIONS_HELD: "/corrections?state=held",
    AlertRule.BOUND_ABOVE_TARGET: "/quality",
    AlertRule.REVIEWER_DRIFT: "/reviewers",
    AlertRule.GOLDEN_DOUBTED: "/golden",
    AlertRule.BATCH_FINISHED: "/queue",
    AlertRule.CLEAN_ENOUGH: "/quality",
    EventKind.QUESTION_OPENED: "/queue",
    EventKind.CORRECTION_WRITTEN: "/corrections",
    EventKind.CORRECTION_HELD: "/corrections?state=held",
    EventKind.CORRECTION_REVERTED: "/corrections?state=reverted",
    EventKind.GUIDELINE_ASKED: "/questions",
    EventKind.REPORT_MADE: "/reports",
}
_ROOMS: Mapping[str, str] = {  # of the service
    AlertRule.JOBS_DEAD: "/ops/jobs?state=dead",
    AlertRule.JOBS_WAITING: "/ops/jobs?state=queued",
    AlertRule.AUDIT_BROKEN: "/ops/audit",
}
MOST_LINES = 30  # of one message


def alert_title(rule: AlertRule) -> str:
    return _ALERTS[rule][0]


def alert_sentence(rule: AlertRule, value: float, subject: str) -> str:
    return _ALERTS[rule][1](value, one_line(subject))


def notice_link(name: str, project: str) -> str:
    """The path of the page that shows more of an alert or event."""
    if project and name in _PAGES:
        return f"/p/{project}{_PAGES[name]}"
    return _ROOMS.get(name, "/ops/health")


def notice_line(notice: Notice) -> str:
    """One notice in a sentence, after the name of its project."""
    about = f"{notice.project}: " if notice.project else ""
    if notice.topic is Topic.TEST:
        return "This is a test: messages of this kind arrive."
    if notice.topic is Topic.EVENT:
        kind = EventKind(notice.name)
        return f"{about}{number_of(notice.count, _EVENTS[kind], _PLURALS[kind])}."
    rule = AlertRule(notice.name)
    if notice.topic is Topic.RESOLVED:
        return f"{about}Over: {alert_title(rule).lower()}{_after(notice)}."
    still = "Still: " if notice.topic is Topic.REPEATED else ""
    return f"{about}{still}{alert_title(rule)}. {alert_sentence(rule, notice.value or 0.0, notice.subject)}"


def _after(notice: Notice) -> str:
    subject = f" ({one_line(notice.subject)})" if notice.subject else ""
    if notice.since is None:
        return subject
    return f"{subject}, after {span((notice.at - notice.since) / timedelta(seconds=1))}"


def message_title(message: AlertMessage) -> str:
    """What stands above a message: its one notice, or how many there are."""
    about = f" {message.project}" if message.project else ""
    if len(message.notices) == 1:
        line = notice_line(message.notices[0]).removeprefix(f"{message.project}: ")
        return one_line(f"[Secondlook{about}] {line}", 140)
    firing = sum(one.topic in (Topic.FIRING, Topic.REPEATED) for one in message.notices)
    text = f", {number_of(firing, 'alert')}" if firing else ""
    return f"[Secondlook{about}] {number_of(len(message.notices), 'thing')} to know{text}"


def message_lines(message: AlertMessage, url: str) -> Sequence[tuple[str, str]]:
    """Sentence and link of each notice, alerts before events; what is too much is said."""
    ordered = sorted(message.notices, key=lambda one: one.topic is Topic.EVENT)
    lines = [(notice_line(one), f"{url}{notice_link(one.name, one.project)}") for one in ordered[:MOST_LINES]]
    more = len(ordered) - MOST_LINES
    return [*lines, (f"And {number_of(more, 'thing')} more.", f"{url}/ops/alerts")] if more > 0 else lines
