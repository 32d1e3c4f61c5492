"""Golden items, and what is known of the people who review and label."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from connector.model.platform import Json

DETAIL_VERSION = 1


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
class PersonDetail:
    """What is shown of a person beside the figures that decide.

    `drift` is how much their rate of right answers rose lately, with its interval; `classes` are class,
    mean, low, high (0..1) and answers; `confusions` true class, answer and how often.
    """

    seconds: float | None = None  # median from one answer to the next
    drift: tuple[float, float, float] | None = None
    suggestions_taken: int = 0
    suggestions_shown: int = 0
    classes: tuple[tuple[str, float, float, float, float], ...] = ()
    confusions: tuple[tuple[str, str, float], ...] = ()

    def to_json(self) -> Json:
        return {
            "version": DETAIL_VERSION,
            "seconds": self.seconds,
            "drift": None if self.drift is None else list(self.drift),
            "suggestions": [self.suggestions_taken, self.suggestions_shown],
            "classes": [list(one) for one in self.classes],
            "confusions": [list(one) for one in self.confusions],
        }

    @classmethod
    def from_json(cls, stored: Json) -> Self:
        """As it is stored; rows of before it had a version lack nothing but that."""
        drift = stored.get("drift")
        taken, shown = stored.get("suggestions", (0, 0))
        return cls(
            seconds=stored.get("seconds"),
            drift=None if drift is None else (float(drift[0]), float(drift[1]), float(drift[2])),
            suggestions_taken=int(taken),
            suggestions_shown=int(shown),
            classes=tuple(
                (str(label), float(mean), float(low), float(high), float(n))
                for label, mean, low, high, n in stored.get("classes", ())
            ),
            confusions=tuple(
                (str(true), str(answer), float(n)) for true, answer, n in stored.get("confusions", ())
            ),
        )


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
    detail: PersonDetail = PersonDetail()


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
