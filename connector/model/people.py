"""Golden items, and what is known of the people who review and label."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class GoldenItem:
    """An item whose label is known for certain. It measures reviewers; nothing is corrected by it."""

    id: int
    project_id: int
    item_id: int
    remote_id: str  # the item's id on the platform
    label: str
    source: str  # cli or import
    added_by: str
    added_at: datetime
    verified_at: datetime
    doubted_at: datetime | None
    retired_at: datetime | None


@dataclass(frozen=True, slots=True)
class PersonSnapshot:
    """What was known of one person on one day.

    `mean`, `low` and `high` (0..1) are the posterior of a right answer; `answers` those that could be
    measured. `weight` (0..1) is what a vote of theirs weighs.
    """

    person: str
    day: str  # 2026-03-02, in UTC
    at: datetime
    mean: float
    low: float
    high: float
    answers: int
    golden: int
    golden_right: int
    weight: float
    trusted: bool
    questioned: int  # labels of theirs that were flagged and decided about
    upheld: int  # of those, how many stood
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One counted answer with what its review task is about: the stuff that reliability is made of."""

    review_key: str
    reviewer: str
    label: str | None  # None where the reviewer named a problem
    created_at: datetime
    item_id: int
    blind: bool
    given: str
    suggested: str


@dataclass(frozen=True, slots=True)
class DecidedLabel:
    """A person's label that reviewers decided about."""

    annotator: str
    issue_id: str
    item_id: int
    remote_id: str
    kind: str
    given: str
    decided: str | None  # None: no single label fits, or no agreement
    outcome: str
    decided_at: datetime
