"""From probabilities to issues: detection and triage on arrays, and back to the vocabulary."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from connector import wording
from connector.model import Issue, IssueKind, IssueState, Json
from connector.project_settings import PolicySettings
from workers.encoding import encode
from workers.issues import LabelIssues, TriagePlan, TriagePolicy, label_issues, triage
from workers.issues.neighbours import nearest_rows
from workers.issues.triage import Flagged, Suppressed
from workers.probabilities import Probabilities

NEAR_SHARE = 0.05  # a class below this probability is no near miss
NEAR_CLASSES = 2
OPTION_CLASSES = 6
SIMILAR_ITEMS = 5

REASONS: Mapping[str, str] = {
    Suppressed.RARE_CLASS.value: wording.RARE_CLASS,
    Suppressed.NO_ALTERNATIVE.value: wording.NO_ALTERNATIVE,
    Suppressed.CLASS_CAP.value: wording.CLASS_CAP,
    Suppressed.BUDGET.value: wording.BUDGET,
}


@dataclass(frozen=True)
class Flags:
    """What a scan found, still in rows of `probabilities`."""

    probabilities: Probabilities
    classes: tuple[str, ...]
    found: LabelIssues
    plan: TriagePlan
    method: str

    @property
    def n_flagged(self) -> int:
        return int(self.found.mask.sum())

    @property
    def warnings(self) -> tuple[str, ...]:
        return self.found.warnings

    def issues(self, project_id: int, scan_id: str, model_version: str, free: int) -> list[Issue]:
        """All issues: the first `free` of the queue open, the others suppressed with the reason."""
        similar = self._similar()
        made: list[Issue] = []
        for rank, (row, control, blind) in enumerate(
            zip(self.plan.rows, self.plan.control, self.plan.blind, strict=True)
        ):
            made.append(
                self._issue(
                    int(row),
                    rank,
                    kind=IssueKind.CONTROL if control else IssueKind.LABEL_ERROR,
                    state=IssueState.OPEN if rank < free else IssueState.SUPPRESSED,
                    reason=None if rank < free else wording.BUDGET,
                    # A control measures what flags miss: seeing a suggestion would bend the answer.
                    evidence=self._evidence(int(row), similar, blind=bool(blind or control)),
                    ids=(project_id, scan_id, model_version),
                )
            )
        queue = len(made)
        for offset, (row, reason) in enumerate(zip(self.plan.suppressed, self.plan.reasons, strict=True)):
            made.append(
                self._issue(
                    int(row),
                    queue + offset,
                    kind=IssueKind.LABEL_ERROR,
                    state=IssueState.SUPPRESSED,
                    reason=REASONS[str(reason)],
                    evidence=self._evidence(int(row), similar, blind=False),
                    ids=(project_id, scan_id, model_version),
                )
            )
        return made

    def _issue(
        self,
        row: int,
        rank: int,
        *,
        kind: IssueKind,
        state: IssueState,
        reason: str | None,
        evidence: Json,
        ids: tuple[int, str, str],
    ) -> Issue:
        item = self.probabilities.items[row]
        suggested = int(self.found.suggested[row])
        project_id, scan_id, model_version = ids
        return Issue(
            id=str(uuid.uuid4()),
            project_id=project_id,
            item_id=item.item_id,
            annotation_id=item.annotation_id,
            label_version=item.label_version,
            label_updated_at=item.updated_at,
            kind=kind,
            state=state,
            given=item.label,
            suggested=self.classes[suggested],
            quality=float(self.found.quality[row]),
            probability=float(self.probabilities.matrix[row, suggested]),
            rank=rank,
            method=self.method,
            model_version=model_version,
            scan_id=scan_id,
            evidence=evidence,
            reason=reason,
        )

    def _evidence(self, row: int, similar: Mapping[int, list[str]], *, blind: bool) -> Json:
        probs = self.probabilities.matrix[row]
        order = [int(k) for k in np.argsort(-probs, kind="stable")]
        item = self.probabilities.items[row]
        told = {int(self.found.suggested[row]), self.classes.index(item.label)}
        near = [k for k in order if k not in told and probs[k] >= NEAR_SHARE][:NEAR_CLASSES]
        return {
            "blind": blind,
            "given_probability": float(probs[self.classes.index(item.label)]),
            "near": [[self.classes[k], float(probs[k])] for k in near],
            "options": [self.classes[k] for k in order[:OPTION_CLASSES]],
            "others": [list(pair) for pair in item.others],
            "similar": similar.get(row, []),
        }

    def _similar(self) -> dict[int, list[str]]:
        """For each row of the queue, the labels of its nearest items, where features are at hand."""
        features = self.probabilities.features
        if features is None or not len(self.plan.rows):
            return {}
        rows = self.plan.rows
        neighbours = nearest_rows(features, rows, SIMILAR_ITEMS)
        labels = [item.label for item in self.probabilities.items]
        return {int(row): [labels[n] for n in near] for row, near in zip(rows, neighbours, strict=True)}


def find(
    policy: PolicySettings,
    classes: tuple[str, ...],
    probabilities: Probabilities,
    in_review: Collection[int],
    settled: Collection[tuple[int, str]],
    rng: np.random.Generator,
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
    )
    # The whole queue is laid out here; `issues` opens as much of it as there is room for, and the push
    # opens the rest as room appears, controls in their places.
    whole = TriagePolicy(
        budget=len(labels),
        per_class_cap=policy.class_cap,
        min_class_examples=policy.min_class_examples,
        control_share=policy.control_share,
        blind_share=policy.blind_share,
    )
    return Flags(probabilities, classes, found, triage(flagged, whole, rng), policy.method.value)
