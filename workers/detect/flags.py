"""From probabilities to issues: detection and triage on arrays, and back to the vocabulary."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connector import wording
from connector.config.project import PolicySettings
from connector.model import FlagEvidence, Issue, IssueKind, IssueState, LabelledItem
from connector.model.reasons import HeldBack
from workers.detect.sources.choose import Probabilities
from workers.issues import LabelIssues, TriagePlan, TriagePolicy, label_issues, triage
from workers.issues.triage import Flagged
from workers.label_types.choice.encode import encode

NEAR_SHARE = 0.05  # a class below this probability is no near miss
NEAR_CLASSES = 2
OPTION_CLASSES = 6
SIMILAR_ITEMS = 5


@dataclass(frozen=True, slots=True)
class Origin:
    """What all issues of one scan share."""

    project_id: int
    scan_id: str
    model_version: str
    method: str
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where triage has put a row; `reason` says why it is held back, if it is."""

    rank: int
    kind: IssueKind
    reason: HeldBack | None
    blind: bool

    def opened(self, *, is_open: bool) -> tuple[IssueState, HeldBack | None]:
        """The state of its issue and the reason, where there is room for it or not."""
        if self.reason is None and is_open:
            return IssueState.OPEN, None
        return IssueState.SUPPRESSED, self.reason or HeldBack.BUDGET


@dataclass(frozen=True, slots=True)
class FlaggedRow:
    """A row that was judged: the item, its probabilities (K,), and what follows from them."""

    item: LabelledItem
    probs: NDArray[np.floating[Any]]
    suggested: int
    quality: float
    similar: Sequence[str] = ()


@dataclass(frozen=True)
class Flags:
    """What a scan found, still in rows of `probabilities`."""

    probabilities: Probabilities
    classes: tuple[str, ...]
    found: LabelIssues
    plan: TriagePlan
    method: str
    kept: int  # flagged labels that are put forward: fewer than all where the model is weak

    @property
    def n_flagged(self) -> int:
        return int(self.found.mask.sum())

    @property
    def class_counts(self) -> dict[str, int]:
        """Class → how many labels were judged."""
        counts = Counter(item.label for item in self.probabilities.items)
        return {name: counts[name] for name in self.classes}

    @property
    def warnings(self) -> tuple[str, ...]:
        if self.kept == len(self.found.order):
            return self.found.warnings
        return (*self.found.warnings, wording.flags_limited(self.kept, len(self.found.order)))

    def issues(self, project_id: int, scan_id: str, model_version: str, free: int) -> list[Issue]:
        """All issues: the first `free` of the queue open, the others suppressed with the reason."""
        origin = Origin(project_id, scan_id, model_version, self.method, self.classes)
        similar = self._similar()
        return [
            issue_of(self._finding(row, similar), place, origin, is_open=place.rank < free)
            for row, place in places(self.plan)
        ]

    def _finding(self, row: int, similar: Mapping[int, list[str]]) -> FlaggedRow:
        return FlaggedRow(
            self.probabilities.items[row],
            self.probabilities.matrix[row],
            int(self.found.suggested[row]),
            float(self.found.quality[row]),
            similar.get(row, ()),
        )

    def _similar(self) -> dict[int, list[str]]:
        """For each row of the queue, the labels of its nearest items, where features are at hand."""
        rows = self.plan.rows
        neighbours = self.probabilities.neighbours if len(rows) else None
        if neighbours is None:
            return {}
        labels = [item.label for item in self.probabilities.items]
        near = neighbours.indices[rows, :SIMILAR_ITEMS]
        return {int(row): [labels[n] for n in found] for row, found in zip(rows, near, strict=True)}


def places(plan: TriagePlan) -> Iterator[tuple[int, Place]]:
    """Each row of a plan and its place: first the queue, then what is held back."""
    for rank, (row, control, blind) in enumerate(zip(plan.rows, plan.control, plan.blind, strict=True)):
        kind = IssueKind.CONTROL if control else IssueKind.LABEL_ERROR
        # A control measures what flags miss: seeing a suggestion would bend the answer.
        yield int(row), Place(rank, kind, None, bool(blind or control))
    for rank, (row, reason) in enumerate(
        zip(plan.suppressed, plan.reasons, strict=True), start=len(plan.rows)
    ):
        yield int(row), Place(rank, IssueKind.LABEL_ERROR, HeldBack(str(reason)), blind=False)


def issue_of(found: FlaggedRow, place: Place, origin: Origin, *, is_open: bool) -> Issue:
    """A new issue; open where there is room for it and nothing holds it back."""
    state, reason = place.opened(is_open=is_open)
    return Issue(
        id=str(uuid.uuid4()),
        project_id=origin.project_id,
        item_id=found.item.item_id,
        annotation_id=found.item.annotation_id,
        label_version=found.item.label_version,
        label_updated_at=found.item.updated_at,
        kind=place.kind,
        state=state,
        given=found.item.label,
        suggested=origin.classes[found.suggested],
        quality=found.quality,
        probability=float(found.probs[found.suggested]),
        rank=place.rank,
        method=origin.method,
        model_version=origin.model_version,
        scan_id=origin.scan_id,
        evidence=_evidence(found, origin.classes, blind=place.blind),
        reason=reason,
    )


def _evidence(found: FlaggedRow, classes: tuple[str, ...], *, blind: bool) -> FlagEvidence:
    probs = found.probs
    order = [int(k) for k in np.argsort(-probs, kind="stable")]
    given = classes.index(found.item.label)
    near = [k for k in order if k not in {found.suggested, given} and probs[k] >= NEAR_SHARE]
    return FlagEvidence(
        blind=blind,
        given_probability=float(probs[given]),
        near=tuple((classes[k], float(probs[k])) for k in near[:NEAR_CLASSES]),
        options=tuple(classes[k] for k in order[:OPTION_CLASSES]),
        others=found.item.others,
        similar=tuple(found.similar),
    )


def line_up(
    policy: PolicySettings,
    flagged: Flagged,
    rng: np.random.Generator,
    *,
    controls: bool = True,
    limit: float = 1.0,
) -> TriagePlan:
    """Lay out the whole queue, with controls in their places unless they are not wanted.

    As much of it is opened as there is room for, and the push opens the rest as room appears. Of a weak
    model's flags only the most suspicious enter it: as many as `limit`, a share of the budget, allows.
    """
    if limit < 1:
        flagged = replace(flagged, order=flagged.order[: ceil(limit * policy.budget)])
    whole = TriagePolicy(
        budget=len(flagged.given),
        per_class_cap=policy.class_cap,
        min_class_examples=policy.min_class_examples,
        control_share=policy.control_share if controls else 0.0,
        blind_share=policy.blind_share,
    )
    return triage(flagged, whole, rng)


def find(
    policy: PolicySettings,
    classes: tuple[str, ...],
    probabilities: Probabilities,
    in_review: Collection[int],
    settled: Collection[tuple[int, str]],
    rng: np.random.Generator,
    cap_scale: NDArray[np.float64] | None = None,
) -> Flags:
    """Judge all labels, and line up the questions; `in_review` item ids and `settled` pairs are not asked."""
    labels = encode([item.label for item in probabilities.items], classes)
    found = label_issues(labels, probabilities.matrix, method=policy.method.value)
    asked = np.array([item.item_id in in_review for item in probabilities.items], dtype=bool)
    answered = np.array([(item.item_id, item.label) in settled for item in probabilities.items], dtype=bool)
    flagged = Flagged(
        given=labels,
        suggested=found.suggested,
        order=found.order,
        class_counts=np.bincount(labels, minlength=len(classes)),
        in_review=asked,
        settled=answered,
        n_open=0,
        cap_scale=cap_scale,
    )
    plan = line_up(policy, flagged, rng, limit=probabilities.limit)
    kept = ceil(probabilities.limit * policy.budget) if probabilities.limit < 1 else len(found.order)
    return Flags(probabilities, classes, found, plan, policy.method.value, min(kept, len(found.order)))
