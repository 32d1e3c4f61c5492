"""What a report holds: the documented, versioned shape of its JSON (docs/reports.md).

Moments are ISO 8601 in UTC, shares are 0..1, and a figure that cannot be told is null.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from connector.model import Json
from workers.review.quality.figures import FlagCount, Rate
from workers.review.quality.harm import Harm

SCHEMA = 1  # counts up when a name goes or changes its meaning; new names may come at any time


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measure with the 95 % interval that resampling tasks gives it."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Occasion:
    project: str
    title: str | None
    platform: str
    url: str
    at: str
    since: str | None  # decisions, votes and corrections from this moment on; null for all
    trigger: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReportedLabels:
    """What the last scan judged."""

    scan: str | None
    at: str | None
    items: int  # of the project
    judged: int
    flagged: int
    held_back: int
    controls: int
    method: str | None
    skipped: dict[str, int]  # what could not be judged, by reason
    findings: dict[str, int]  # by kind: what is odd about items, beside their label
    warnings: list[str]
    fresh: bool  # false where the report could not wait for a scan any longer


@dataclass(frozen=True, slots=True)
class ReportedModel:
    version: str | None
    accuracy: float | None  # how often its guess is the given label
    log_loss: float | None
    calibration_error: float | None
    by_class: dict[str, float | None]
    out_of_sample: str | None


@dataclass(frozen=True, slots=True)
class ReportedReviews:
    issues: dict[str, int]  # flags by state
    set_aside: dict[str, int]  # items that no single label fits, by what is to be done with them
    flags: FlagCount
    by_class: list[FlagCount]
    by_method: list[FlagCount]


@dataclass(frozen=True, slots=True)
class Remaining:
    """What random unflagged controls say of the errors that nobody has found."""

    controls: Rate
    unresolved: int
    highest: float  # the largest share of all labels that can be wrong
    target: float
    clean_enough: bool
    likely: float | None
    highest_at_any_look: float
    controls_needed: int | None


@dataclass(frozen=True, slots=True)
class ReportedHarm:
    """What changes have spoiled, over all time. `alarms` say what is held for it, and why."""

    figures: Harm
    alarms: list[str]


@dataclass(frozen=True, slots=True)
class ClassAgreement:
    label: str
    alpha: float | None


@dataclass(frozen=True, slots=True)
class ReportedAgreement:
    first: str
    second: str
    shared: int
    agreed: int
    kappa: float | None


@dataclass(frozen=True, slots=True)
class MonthAgreement:
    month: str
    votes: int
    alpha: float | None


@dataclass(frozen=True, slots=True)
class Agreement:
    votes: int
    tasks: int
    reviewers: int
    alpha: Estimate  # Krippendorff's
    kappa: Estimate  # Fleiss'
    pairwise: Estimate
    by_class: list[ClassAgreement]
    by_pair: list[ReportedAgreement]
    by_month: list[MonthAgreement]
    difference: Estimate | None = None  # of numbers: how far two answers are apart, on average


@dataclass(frozen=True, slots=True)
class ReportedMove:
    given: str
    label: str
    items: int


@dataclass(frozen=True, slots=True)
class ReportedClassChange:
    label: str
    gained: int
    lost: int
    labels_now: int


@dataclass(frozen=True, slots=True)
class ReportedCorrections:
    by_state: dict[str, int]
    moved: list[ReportedMove]
    classes: list[ReportedClassChange]
    held_by_others: int = 0  # annotations of others with an error that was corrected in another's


@dataclass(frozen=True, slots=True)
class Effect:
    """Confusion of two labels before and after a note about them was published."""

    given: str
    label: str
    note: str
    text: str
    published_at: str
    withdrawn_at: str | None
    before: Rate  # labels of the pair that were confused, among those given
    after: Rate
    change: float | None
    low: float
    high: float
    verdict: str  # fewer, more or unclear


@dataclass(frozen=True, slots=True)
class ReportedQuestion:
    first: str
    second: str
    state: str
    confused: int
    ambiguous: int
    asked_at: str


@dataclass(frozen=True, slots=True)
class ReportedGuidelines:
    notes: dict[str, int]  # by state
    version: int | None
    published_at: str | None
    hash: str | None
    effects: list[Effect]
    questions: list[ReportedQuestion]


@dataclass(frozen=True, slots=True)
class ReportedReviewer:
    reviewer: str
    name: str
    votes: int
    agreed: Rate  # of votes on issues that were decided for one label, those for that label
    reliability: float | None
    reliability_low: float | None
    reliability_high: float | None
    weight: float | None
    last_at: str | None


@dataclass(frozen=True, slots=True)
class Delta:
    """A headline figure set against the report before."""

    name: str
    before: float | None
    now: float | None
    change: float | None
    limit: float | None
    beyond: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    previous: str | None
    previous_at: str | None
    figures: list[Delta]


@dataclass(frozen=True, slots=True)
class ReportRecord:
    """Where the audit log stood: what follows is bound to this row."""

    rows: int
    hash: str


@dataclass(frozen=True, slots=True)
class Report:
    schema: int
    occasion: Occasion
    judged: ReportedLabels
    model: ReportedModel
    reviews: ReportedReviews
    remaining: Remaining
    harm: ReportedHarm
    agreement: Agreement
    corrections: ReportedCorrections
    guidelines: ReportedGuidelines
    reviewers: list[ReportedReviewer]
    comparison: Comparison
    record: ReportRecord

    def as_json(self) -> Json:
        return asdict(self)


def number(value: Any) -> float | None:
    """A figure for JSON: null where it is none."""
    return None if value is None or not np.isfinite(value) else float(value)


def numbers(values: Mapping[str, Any] | None) -> dict[str, float | None]:
    return {str(name): number(value) for name, value in (values or {}).items()}


def json_schema() -> Json:
    """The JSON schema of a report."""
    from pydantic import TypeAdapter

    return TypeAdapter(Report).json_schema()
