"""What reviewers teach, what of it is asked and published, and the dated reports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connector.model.platform import Json


class NoteState(StrEnum):
    DRAFT = "draft"
    ACCEPTED = "accepted"  # to be published
    PUBLISHED = "published"
    WITHDRAWING = "withdrawing"  # the instructions still hold it
    WITHDRAWN = "withdrawn"


class QuestionState(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"  # by a note that is not published yet
    CLOSED = "closed"


class AuditTrigger(StrEnum):
    FIRST_BATCH = "first_batch"  # the first reviews that were asked for are decided
    WHOLE_SET = "whole_set"  # nothing is left to be reviewed
    SCHEDULE = "schedule"
    QUALITY = "quality"  # a figure moved beyond its limit
    PERSON = "person"  # asked for


class AuditState(StrEnum):
    WANTED = "wanted"  # waits for its scan
    DONE = "done"


@dataclass(frozen=True, slots=True)
class GuidelineNote:
    """What somebody wrote about two labels: why it is `label` and not `given`."""

    id: str
    project_id: int
    issue_id: str | None  # None for the answer to a question
    given: str
    label: str
    text: str
    author: str
    state: str
    created_at: datetime
    question_id: str | None = None
    accepted_by: str | None = None
    accepted_at: datetime | None = None
    published_at: datetime | None = None
    withdrawn_at: datetime | None = None

    @property
    def pair(self) -> tuple[str, str]:
        """The two labels, whichever way round."""
        return label_pair(self.given, self.label)


@dataclass(frozen=True, slots=True)
class GuidelineVersion:
    """The managed block as it stood from `at` on."""

    id: str
    project_id: int
    number: int
    at: datetime
    notes: tuple[Json, ...]  # id and text of each note in it, in its order
    change: Json  # which notes came and went
    block: str
    hash: str


@dataclass(frozen=True, slots=True)
class GuidelineQuestion:
    """Two labels that are confused again and again although no note tells them apart."""

    id: str
    project_id: int
    first: str
    second: str
    state: str
    confused: int  # decisions that moved an item from one to the other
    ambiguous: int  # decisions that both, or neither, can be said to fit
    examples: tuple[Json, ...]
    created_at: datetime
    note_id: str | None = None
    answered_by: str | None = None
    answered_at: datetime | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Audit:
    """One dated report; `figures` is None until it is made."""

    id: str
    project_id: int
    trigger: AuditTrigger
    reason: str
    state: AuditState
    wanted_at: datetime
    finished_at: datetime | None = None
    headline: str | None = None
    figures: Json | None = None


def label_pair(one: str, other: str) -> tuple[str, str]:
    """Two labels in one order, so that a pair is the same pair either way round."""
    return (one, other) if one <= other else (other, one)
