"""What Secondlook stores of its own work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from connector.model.evidence import CorrectionEvidence, FlagEvidence
from connector.model.kinds import (
    CorrectionState,
    IssueKind,
    IssueState,
    Outcome,
    Problem,
    ReviewState,
    WriteMode,
)
from connector.model.platform import Json, LabelSchema
from connector.model.reasons import Code
from connector.model.scan_plan import ScanPlan
from connector.model.scan_report import ScanReport


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
    desk: str | None = None  # where its reviews are answered: platform, server, workspace


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
    evidence: FlagEvidence
    reason: str | None = None  # why it is in this state, as `connector.model.reasons` stores it
    control: str = ""  # the label control that it is about; empty: the project's first
    place: str = ""  # the part of the item, a region's id; empty: the whole item


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
    asked_at: datetime | None = None  # when the question was last put: the deadline runs from here
    escalated_at: datetime | None = None  # since when an adjudicator's answer is wanted
    score: float | None = None  # of a question that wants an extra vote: lowest where it is worth most
    changed_at: datetime | None = None  # on the platform, as its answers were read last


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
    reason: str  # coded
    votes: tuple[str, ...]  # remote ids of the answers that were counted
    decided_at: datetime
    probability: float | None = None  # of the label, as far as is known
    superseded_at: datetime | None = None  # since when its votes do not bear it any more


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
    evidence: CorrectionEvidence
    remote_id: str | None = None  # what was written
    before: Json | None = None
    after: Json | None = None
    error: str | None = None
    others: int = 0  # annotations of others that hold what was wrong, as last seen
    created_at: datetime | None = None
    applied_at: datetime | None = None
    reverted_at: datetime | None = None


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
class SavedState:
    """What the saved state of a project's detection stands for."""

    scan_id: str
    seq: int  # the last label event that it has taken in
    blob: str | None  # the name of its content; None: the scan left none
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class ShardedScan:
    """A scan that several workers share, while it runs."""

    id: str
    plan: ScanPlan
    started_at: datetime


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
    skipped: Mapping[Code, int] = field(default_factory=dict)  # how many labels were left out, by reason
    warnings: tuple[Code, ...] = ()
    report: ScanReport = field(default_factory=ScanReport)
