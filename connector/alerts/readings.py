"""What each rule reads in the metrics: a value for each thing that it watches. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.model.alerts import AlertKey, AlertRule, CounterSnapshot
from connector.model.metrics import PREFIX, Tally

Samples = Mapping[Tally, float]
Values = Iterator[tuple[str, str, float]]  # project, subject, value

WINDOW = timedelta(minutes=15)  # over which the growth of counters is looked at
FEWEST_REQUESTS = 20  # below which a share of them says nothing
WAITED_SECONDS = 300.0  # due jobs that wait for so long show that a silent worker has something to do
COUNTERS = ("webhook_deliveries_total", "platform_requests_total")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class Figures:
    """The metrics as they stand, and the growth of counters within the last minutes."""

    samples: Samples
    now: datetime
    growth: Samples

    def of(self, name: str) -> Iterator[tuple[Mapping[str, str], float]]:
        """Labels and value of each sample of a metric."""
        yield from _named(self.samples, name)


def readings(figures: Figures) -> dict[AlertKey, float]:
    """What every rule reads: how bad it is, for each project and subject that it watches."""
    return {
        AlertKey(rule, project, subject): value
        for rule, read in READERS.items()
        for project, subject, value in read(figures)
    }


def counters(samples: Samples, now: datetime) -> CounterSnapshot:
    """The counters whose growth is looked at, as they stand."""
    kept = {f"{name}\x00{text}": value for (name, text), value in samples.items() if _is_counter(name)}
    return CounterSnapshot(now, kept)


def rotated(kept: Sequence[CounterSnapshot], latest: CounterSnapshot) -> Sequence[CounterSnapshot]:
    """The snapshots to keep, the older first: growth since that spans at least half of the window.

    With one alone it would begin at nothing every time, and what fires by it would end and fire again.
    """
    if kept and timedelta(0) <= latest.at - kept[-1].at < WINDOW / 2:
        return kept
    return [*kept[-1:], latest]


def growth(samples: Samples, before: CounterSnapshot) -> dict[Tally, float]:
    """How much each counter grew; one that is smaller was begun anew."""
    result: dict[Tally, float] = {}
    for (name, text), value in samples.items():
        if _is_counter(name):
            earlier = before.values.get(f"{name}\x00{text}", 0.0)
            result[name, text] = value - earlier if value >= earlier else value
    return result


def _is_counter(name: str) -> bool:
    return name.removeprefix(PREFIX) in COUNTERS


def _named(samples: Samples, name: str) -> Iterator[tuple[Mapping[str, str], float]]:
    for (metric, text), value in samples.items():
        if metric == PREFIX + name:
            yield dict(_LABEL.findall(text)), value


def _plain(metric: str, subject: str = "", **only: str) -> Callable[[Figures], Values]:
    """The metric itself, by project, and by one more label."""

    def read(figures: Figures) -> Values:
        for labels, value in figures.of(metric):
            if only.items() <= labels.items():
                yield labels.get("project", ""), labels.get(subject, ""), value

    return read


def _since(metric: str) -> Callable[[Figures], Values]:
    """Seconds since the latest of the moments that a metric holds."""

    def read(figures: Figures) -> Values:
        moments = [value for _, value in figures.of(metric)]
        if moments:
            yield "", "", max(figures.now.timestamp() - max(moments), 0.0)

    return read


def _silent_worker(figures: Figures) -> Values:
    waits = max((value for _, value in figures.of("job_oldest_age_seconds")), default=0.0)
    for project, subject, seconds in _since("worker_last_seen_timestamp_seconds")(figures):
        yield project, subject, seconds if waits > WAITED_SECONDS else 0.0


def _refused(figures: Figures) -> Values:
    refused: dict[str, float] = {}
    for labels, value in _named(figures.growth, "webhook_deliveries_total"):
        project = labels["project"]
        refused[project] = refused.get(project, 0.0) + value * (labels["result"] != "taken")
    yield from ((project, "", n) for project, n in refused.items())


def _failing_requests(figures: Figures) -> Values:
    """The share of requests to each platform that failed, where enough were made."""
    failed: dict[str, float] = {}
    asked: dict[str, float] = {}
    for labels, value in _named(figures.growth, "platform_requests_total"):
        platform, status = labels["platform"], labels["status"]
        asked[platform] = asked.get(platform, 0.0) + value
        failed[platform] = failed.get(platform, 0.0) + value * (status == "none" or status.startswith("5"))
    yield from (("", one, failed[one] / n) for one, n in asked.items() if n >= FEWEST_REQUESTS)


def _bound_over_target(figures: Figures) -> Values:
    targets = {labels["project"]: value for labels, value in figures.of("error_target_ratio")}
    for labels, bound in figures.of("error_bound_ratio"):
        target = targets.get(labels["project"], 0.0)
        if target > 0:
            yield labels["project"], "", bound / target


def _clean(figures: Figures) -> Values:
    yield from ((project, "", float(ratio <= 1.0)) for project, _, ratio in _bound_over_target(figures))


def _batch(figures: Figures) -> Values:
    """1 where review tasks were decided and none is open."""
    counts: dict[str, dict[str, float]] = {}
    for labels, value in figures.of("review_tasks"):
        counts.setdefault(labels["project"], {})[labels["state"]] = value
    for project, states in counts.items():
        open_ = states.get("planned", 0.0) + states.get("pushed", 0.0)
        yield project, "", float(states.get("decided", 0.0) > 0 and not open_)


READERS: Mapping[AlertRule, Callable[[Figures], Values]] = {
    AlertRule.SCHEDULER_LATE: _since("scheduler_last_tick_timestamp_seconds"),
    AlertRule.WORKER_SILENT: _silent_worker,
    AlertRule.JOBS_WAITING: _plain("job_oldest_age_seconds", "kind"),
    AlertRule.JOBS_DEAD: _plain("jobs", "kind", state="dead"),
    AlertRule.PROJECT_PAUSED: _plain("project_paused"),
    AlertRule.PLATFORM_AWAY: _plain("platform_away_seconds"),
    AlertRule.WEBHOOKS_REFUSED: _refused,
    AlertRule.PLATFORM_ERRORS: _failing_requests,
    AlertRule.REVIEW_BACKLOG_OLD: _plain("review_oldest_age_seconds"),
    AlertRule.CORRECTIONS_HELD: _plain("corrections_held"),
    AlertRule.BOUND_ABOVE_TARGET: _bound_over_target,
    AlertRule.REVIEWER_DRIFT: _plain("reviewers", trusted="false"),
    AlertRule.GOLDEN_DOUBTED: _plain("golden_items", state="doubted"),
    AlertRule.AUDIT_BROKEN: _plain("audit_faults"),
    AlertRule.BATCH_FINISHED: _batch,
    AlertRule.CLEAN_ENOUGH: _clean,
}
