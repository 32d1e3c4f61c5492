"""What reviewers are asked, and what they answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from connector.model.kinds import Problem
from connector.model.moments import EPOCH
from connector.model.platform import CHOICE, Json, LabelSchema


@dataclass(frozen=True, slots=True)
class OwnerMark:
    """Who asks about which labels: `about` names project and control, `installation` its secret key."""

    about: str
    installation: str
    takes_over: str | None = None  # the installation in whose place this one was told to be


@dataclass(frozen=True, slots=True)
class ReviewSetup:
    """What the review project is made from. `owner_key` marks it as ours, `owner` says so to others.

    `raised` is the most answers that a standing task was said to want: a platform that has one number for
    all of them must not have fewer.
    """

    owner_key: str
    title: str
    schema: LabelSchema
    quorum: int
    instructions: str
    owner: OwnerMark = OwnerMark("", "")
    raised: int = 0


@dataclass(frozen=True, slots=True)
class ReviewRequest:
    """One review task to create. `key` is ours; `batch` names the request that first sends it."""

    key: str
    batch: str
    title: str
    context: str
    data: Json  # the item's own fields, as the object tags name them
    options: tuple[str, ...]  # near classes in the order to show, for configs with many classes
    suggestion: str | None  # None for a blind task
    suggestion_score: float | None
    model_version: str
    kind: str = CHOICE  # the label type: how the answer is read
    given: str = ""  # the part of the label that is asked about, where labels have parts
    suggested: str = ""  # the part that a model would have, known of blind tasks too: it says where to look
    around: str = ""  # the label with all its parts
    blind: bool = False
    text: str = ""  # in which the parts count, where they are places in one
    crop: str = ""  # what is asked about, seen from near, as a data URI; empty where there is none


@dataclass(frozen=True, slots=True)
class Answer:
    """One reviewer's answer to a review task, as the platform holds it."""

    key: str
    remote_task_id: str
    remote_id: str
    reviewer: str
    label: str | None
    problems: tuple[Problem, ...]
    note: str | None
    created_at: datetime
    updated_at: datetime
    cancelled: bool
    edited_by_other: bool
    origin: str | None  # prediction, prediction-changed or manual: whether the suggestion was kept


@dataclass(frozen=True, slots=True)
class ReviewSnapshot:
    """All present answers of one review task: an answer known before and missing here is withdrawn.

    `overlap` is how many answers the platform collects, `withdrawn` whether the task was taken from the
    reviewers; None where the platform does not say so of each task. `changed_at` never goes back, but where
    the platform was restored from a backup.
    """

    key: str
    remote_task_id: str
    answers: tuple[Answer, ...]
    overlap: int | None = None
    withdrawn: bool | None = None
    changed_at: datetime = EPOCH


@dataclass(frozen=True, slots=True)
class AnswerPage:
    reviews: tuple[ReviewSnapshot, ...]
    cursor: str
