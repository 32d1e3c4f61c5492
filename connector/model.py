"""The vocabulary: what an annotation platform holds and what Secondlook adds to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

Json = Mapping[str, Any]


class LabelStatus(StrEnum):
    """Whether an annotation carries a label that can be judged, and if not, why."""

    VALID = "valid"
    CANCELLED = "cancelled"  # skipped by the annotator
    EMPTY = "empty"  # submitted without an answer for the label control
    SEVERAL = "several"  # more than one value in a single-choice control
    UNKNOWN_CLASS = "unknown_class"  # a class that the labelling config does not have
    UNREADABLE = "unreadable"  # not the shape that the control produces


class IssueKind(StrEnum):
    LABEL_ERROR = "label_error"
    CONTROL = "control"  # not flagged: mixed in at random to measure what flags miss


class IssueState(StrEnum):
    OPEN = "open"
    IN_REVIEW = "in_review"
    ACCEPTED = "accepted"  # reviewers agreed on another label
    REJECTED = "rejected"  # reviewers agreed on the given label
    UNRESOLVED = "unresolved"  # reviewers could not agree, or said that no single label fits
    STALE = "stale"  # the label changed, or the item vanished, before a decision
    SUPPRESSED = "suppressed"  # flagged, but held back by the triage policy


class ReviewState(StrEnum):
    PLANNED = "planned"
    PUSHED = "pushed"
    DECIDED = "decided"
    WITHDRAWING = "withdrawing"
    WITHDRAWN = "withdrawn"


class Problem(StrEnum):
    """What a reviewer may say instead of naming one label."""

    AMBIGUOUS = "ambiguous"
    NONE_FITS = "none of the classes"
    SEVERAL_FIT = "several fit"
    BAD_DATA = "bad data"
    CANNOT_TELL = "cannot tell"


class Outcome(StrEnum):
    ACCEPT = "accept"
    REJECT = "reject"
    ASK_MORE = "ask_more"
    ESCALATE = "escalate"
    UNRESOLVED = "unresolved"


class CorrectionState(StrEnum):
    PENDING = "pending"
    APPLIED = "applied"
    CONFLICT = "conflict"
    FAILED = "failed"
    DRY_RUN = "dry_run"
    REVERTING = "reverting"
    REVERTED = "reverted"


class WriteMode(StrEnum):
    GROUND_TRUTH = "ground_truth"  # a new ground-truth annotation beside the original
    UPDATE = "update"  # the original annotation is changed in place
    PREDICTION = "prediction"  # only a prediction is added
    DRY_RUN = "dry_run"  # nothing is written


class Role(StrEnum):
    """Which of a project's two remote projects a webhook or cursor belongs to."""

    SOURCE = "source"
    REVIEW = "review"


# --- what a platform holds -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ObjectTag:
    """One object tag of a labelling config: `<Text name="t" value="$text"/>` → t, Text, text."""

    name: str
    kind: str
    field: str


@dataclass(frozen=True, slots=True)
class LabelSchema:
    """The label control that Secondlook judges, with its classes in the config's order."""

    control: str
    to_name: str
    classes: tuple[str, ...]
    objects: tuple[ObjectTag, ...]


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What a source project says of itself."""

    title: str
    schema: LabelSchema
    service_user: str
    n_items: int


@dataclass(frozen=True, slots=True)
class Annotation:
    """One person's answer for one item. `marker` is set where Secondlook wrote it."""

    remote_id: str
    annotator: str | None
    label: str | None
    status: LabelStatus
    result: Sequence[Any]
    created_at: datetime
    updated_at: datetime
    updated_by: str | None = None
    ground_truth: bool = False
    marker: str | None = None


@dataclass(frozen=True, slots=True)
class Prediction:
    """A model's answer for one item. `class_scores` are probabilities by class, where given."""

    remote_id: str
    model_version: str
    label: str | None
    score: float | None
    class_scores: Mapping[str, float] | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to be labelled. A platform may reuse `remote_id`; with `created_at` it is unique."""

    remote_id: str
    created_at: datetime
    updated_at: datetime
    data: Json
    annotations: tuple[Annotation, ...] = ()
    predictions: tuple[Prediction, ...] = ()


@dataclass(frozen=True, slots=True)
class ItemRef:
    remote_id: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Annotator:
    remote_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some changed items and the cursor that continues after them; save both in one transaction."""

    items: tuple[Item, ...]
    cursor: str


@dataclass(frozen=True, slots=True)
class Hint:
    """What a webhook says has changed. Only a hint: entities are fetched again by API."""

    action: str
    item_ids: tuple[str, ...] = ()
    annotation_ids: tuple[str, ...] = ()
    schema_changed: bool = False
    deleted: bool = False
    own: bool = False  # an event of our own write


# --- review ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReviewSetup:
    """What the review project is made from. `owner_key` marks it as ours."""

    owner_key: str
    title: str
    schema: LabelSchema
    quorum: int
    instructions: str


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
    """All present answers of one review task: an answer known before and missing here is withdrawn."""

    key: str
    remote_task_id: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class AnswerPage:
    reviews: tuple[ReviewSnapshot, ...]
    cursor: str


# --- write-back ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WriteOrder:
    """One correction as the platform should carry it out. `marker` makes it findable again."""

    marker: str
    mode: WriteMode
    item: ItemRef
    annotation_id: str
    expected_label: str
    label: str
    score: float | None


@dataclass(frozen=True, slots=True)
class WriteRecord:
    """What a write touched: enough to show it and to undo it. `before` and `after` are raw."""

    remote_id: str
    before: Json
    after: Json


# --- what Secondlook stores ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Project:
    """A configured project as stored: where it is bound to, and how far its work has come."""

    id: int
    name: str
    platform: str
    url: str
    remote_id: str
    schema: LabelSchema | None
    service_user: str | None
    source_cursor: str | None
    review_remote_id: str | None
    review_cursor: str | None
    changes_since_scan: int
    last_sync_at: datetime | None
    last_reconcile_at: datetime | None
    last_scan_at: datetime | None
    last_collect_at: datetime | None
    paused_reason: str | None


@dataclass(frozen=True, slots=True)
class LabelledItem:
    """An item with the one label that a scan judges, and the annotation that carries it."""

    item_id: int
    remote_id: str
    annotation_id: int
    annotation_remote_id: str
    label_version: int
    label: str
    annotator: str | None
    updated_at: datetime  # of the annotation
    others: tuple[tuple[str, str], ...]  # (annotator, label) of the other valid annotations


@dataclass(frozen=True, slots=True)
class Issue:
    id: str
    project_id: int
    item_id: int
    annotation_id: int
    label_version: int
    label_updated_at: datetime  # of the annotation when it was flagged
    kind: IssueKind
    state: IssueState
    given: str
    suggested: str
    quality: float  # 0..1, low is suspicious
    probability: float  # of the suggested label
    rank: int
    method: str
    model_version: str
    scan_id: str
    evidence: Json
    reason: str | None = None  # why it is in this state, in words


@dataclass(frozen=True, slots=True)
class ReviewTask:
    key: str
    issue_id: str
    project_id: int
    state: ReviewState
    remote_id: str | None
    batch: str | None
    blind: bool
    overlap: int  # answers wanted
    overlap_pushed: int  # answers that the platform was last told to collect
    request: Json


@dataclass(frozen=True, slots=True)
class Vote:
    """An answer as counted: `counted` is False with the reason where it does not take part."""

    review_key: str
    remote_id: str
    reviewer: str
    label: str | None
    problems: tuple[Problem, ...]
    note: str | None
    created_at: datetime
    updated_at: datetime
    blind: bool
    origin: str | None
    counted: bool
    reason: str | None = None
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    id: str
    issue_id: str
    outcome: Outcome
    label: str | None
    reason: str
    votes: tuple[str, ...]  # remote ids of the answers that were counted
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Correction:
    id: str
    project_id: int
    issue_id: str
    decision_id: str
    run_id: str
    item_id: int
    annotation_id: int
    mode: WriteMode
    state: CorrectionState
    given: str
    label: str
    actor: str
    evidence: Json
    remote_id: str | None = None  # what was written
    before: Json | None = None
    after: Json | None = None
    error: str | None = None
    created_at: datetime | None = None
    applied_at: datetime | None = None
    reverted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class GuidelineNote:
    id: str
    project_id: int
    issue_id: str
    given: str
    label: str
    text: str
    author: str
    state: str  # accepted, published, withdrawing or withdrawn
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AuditEntry:
    seq: int
    at: datetime
    actor: str
    action: str
    project: str | None
    subject: str
    detail: Json
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class ScanSummary:
    id: str
    project_id: int
    started_at: datetime
    finished_at: datetime
    n_items: int
    n_flagged: int
    n_planned: int
    n_suppressed: int
    n_controls: int
    method: str
    model_version: str
    skipped: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    report: Json = field(default_factory=dict)
