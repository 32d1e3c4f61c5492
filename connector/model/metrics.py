"""The metrics that are exported: their names and what they mean; and counts that wait to be stored."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

LabelText = str  # labels as Prometheus writes them, sorted by name: kind="scan",outcome="done"
Tally = tuple[str, LabelText]


class MetricType(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class ExportedMetric:
    name: str
    type: MetricType
    help: str
    buckets: tuple[float, ...] = ()  # upper bounds, seconds


JOB_BUCKETS = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0)
CALL_BUCKETS = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

_GAUGES = {
    "build_info": "The version that runs.",
    "issues": "Issues by state.",
    "review_tasks": "Review tasks by state.",
    "review_oldest_age_seconds": "Age of the oldest review task that waits for answers.",
    "corrections": "Corrections by state.",
    "corrections_held": "Corrections that wait for a person to release or discard them.",
    "notes": "Guideline notes by state.",
    "error_bound_ratio": "Largest share of all labels that can be wrong, as last computed.",
    "error_target_ratio": "The share that is aimed at.",
    "control_error_ratio": "Share of wrong labels among controls, and its 95 % interval.",
    "flag_precision_ratio": "Share of flags that reviewers confirmed.",
    "agreement_alpha": "Krippendorff's alpha of the reviewers, as the last report has it.",
    "reviewers": "Reviewers by whether their votes weigh in full.",
    "golden_items": "Golden items by state.",
    "jobs": "Jobs by state.",
    "job_oldest_age_seconds": "How long the oldest due job waits.",
    "scheduler_last_tick_timestamp_seconds": "When the scheduler last looked for due work.",
    "worker_last_seen_timestamp_seconds": "When a worker last did something.",
    "project_paused": "1 while a project waits for a person.",
    "platform_away_seconds": "For how long a project's platform has not answered; 0 while it does.",
    "alerts": "Alerts that are pending or fire.",
    "alert_messages": "Messages about alerts and events that wait or were given up, by channel.",
    "last_success_timestamp_seconds": "When a step of a project last succeeded.",
    "audit_rows": "Rows of the audit log.",
    "audit_verified_timestamp_seconds": "When the chain of the audit log was last found whole.",
    "audit_faults": "Faults that the last check of the audit log found.",
}
_COUNTERS = {
    "votes_total": "Answers of reviewers that stand, by whether they count.",
    "decisions_total": "Decisions, those that were replaced too.",
    "corrections_written_total": "Corrections that were written to the platform.",
    "corrections_reverted_total": "Corrections that were taken back.",
    # These are added up in the table of tallies.
    "jobs_finished_total": "Runs of jobs by how they ended.",
    "webhook_deliveries_total": "Deliveries of webhooks by what became of them.",
    "platform_requests_total": "Requests to platforms.",
    "logins_total": "Tries to sign in.",
    "alert_sends_total": "Tries to send messages about alerts and events.",
}
_HISTOGRAMS = {
    "job_duration_seconds": ("How long runs of jobs took.", JOB_BUCKETS),
    "job_wait_seconds": ("How long jobs waited after they were due.", JOB_BUCKETS),
    "platform_request_duration_seconds": ("How long requests to platforms took.", CALL_BUCKETS),
    "http_request_duration_seconds": ("How long answers of the web process took.", CALL_BUCKETS),
}
PREFIX = "secondlook_"

METRICS: Mapping[str, ExportedMetric] = {
    metric.name: metric
    for metric in (
        *(ExportedMetric(PREFIX + name, MetricType.GAUGE, text) for name, text in _GAUGES.items()),
        *(ExportedMetric(PREFIX + name, MetricType.COUNTER, text) for name, text in _COUNTERS.items()),
        *(
            ExportedMetric(PREFIX + name, MetricType.HISTOGRAM, text, buckets=buckets)
            for name, (text, buckets) in _HISTOGRAMS.items()
        ),
    )
}


@lru_cache(1024, typed=True)  # the same few again and again: there is an end of series
def labels(**values: object) -> LabelText:
    """Labels as Prometheus writes them."""
    return ",".join(f'{name}="{_escaped(str(value))}"' for name, value in sorted(values.items()))


def bounded(text: LabelText, bound: str) -> LabelText:
    """The labels of one bucket of a histogram."""
    le = f'le="{bound}"'
    return f"{text},{le}" if text else le


def counted(name: str, **values: object) -> dict[Tally, float]:
    """One more of a counter."""
    return {(METRICS[PREFIX + name].name, labels(**values)): 1.0}


def timed(name: str, seconds: float, **values: object) -> dict[Tally, float]:
    """One observation of a histogram: its bucket, the sum and the count."""
    metric = METRICS[PREFIX + name]
    bound = next((each for each in metric.buckets if seconds <= each), None)
    text = labels(**values)
    bucket, total, count = _series(metric.name, text, "+Inf" if bound is None else f"{bound:g}")
    return {bucket: 1.0, total: max(seconds, 0.0), count: 1.0}


@lru_cache(1024)
def _series(name: str, text: LabelText, bound: str) -> tuple[Tally, Tally, Tally]:
    """The bucket, the sum and the count of a histogram's observation."""
    return (f"{name}_bucket", bounded(text, bound)), (f"{name}_sum", text), (f"{name}_count", text)


class Accumulator:
    """Counts of this process that nobody has stored yet; adding costs no transaction."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[Tally, float] = {}

    def add(self, *tallies: Mapping[Tally, float]) -> None:
        with self._lock:
            for each in tallies:
                for key, value in each.items():
                    self._values[key] = self._values.get(key, 0.0) + value

    @contextmanager
    def taken(self) -> Iterator[Mapping[Tally, float]]:
        """What is to be stored now; an error puts it back."""
        with self._lock:
            values, self._values = self._values, {}
        try:
            yield values
        except BaseException:
            self.add(values)
            raise


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
