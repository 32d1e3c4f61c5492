"""From an issue to the review task that asks about it. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence

from connector import wording
from connector.config.project import ReviewSettings
from connector.model import (
    Issue,
    IssueKind,
    Json,
    LabelSchema,
    Problem,
    ReviewRequest,
    ReviewState,
    ReviewTask,
)
from connector.model.findings import Finding, FindingKind
from connector.model.item_data import value_at
from connector.model.item_text import labelled_text
from workers.consensus.quorum import QuorumPolicy
from workers.label_types.registry import kind_of

# What an issue asks that is not about a label which the model contradicts; by its facts.
QUESTIONS: Mapping[IssueKind, Callable[[Json], str]] = {
    IssueKind.LABEL_CONFLICT: wording.conflict_question,
    IssueKind.DISAGREEMENT: wording.disagreement_question,
    IssueKind.AMBIGUOUS: wording.ambiguity_question,
}
# What else a reviewer is told of an item, besides the reason for which it is shown.
ALSO_TOLD = (
    FindingKind.LABEL_CONFLICT,
    FindingKind.DISAGREEMENT,
    FindingKind.OUTLIER,
    FindingKind.AMBIGUOUS,
)
INCONCLUSIVE = frozenset({Problem.CANNOT_TELL.value})  # the reviewer cannot tell: no answer


def quorum_policy(
    review: ReviewSettings, person_of: Callable[[str], str] = str, rare: Mapping[str, int] | None = None
) -> QuorumPolicy:
    """The rules of deciding as the settings state them; `rare` are quorums of classes by what they are."""
    return QuorumPolicy(
        quorum=min(review.quorum, review.most_votes),
        max_votes=review.most_votes,
        adjudicators=frozenset(person_of(one) for one in review.adjudicators),
        min_votes=review.min_votes,
        class_quorum={**(rare or {}), **review.class_quorum},
        critical=frozenset(review.critical_classes),
        # By shares people are asked one by one, as with a confidence.
        confidence=review.keep_confidence if review.by_shares else review.confidence,
        inconclusive=INCONCLUSIVE,
    )


def first_votes(review: ReviewSettings, issue: Issue) -> int:
    """How many people to ask about an issue at first: more where a class of it has a rule of its own."""
    return quorum_policy(review).first_votes({issue.given, issue.suggested})


def usual_votes(review: ReviewSettings) -> int:
    """How many people are asked at first about classes without a rule of their own."""
    return quorum_policy(review).first_votes(())


def review_task(issue: Issue, quorum: int) -> ReviewTask:
    """A planned review task for an open issue."""
    return ReviewTask(
        key=str(uuid.uuid4()),
        issue_id=issue.id,
        project_id=issue.project_id,
        state=ReviewState.PLANNED,
        remote_id=None,
        batch=None,
        blind=issue.evidence.blind,
        overlap=quorum,
        overlap_pushed=0,
        request={},
    )


def review_request(
    task: ReviewTask,
    issue: Issue,
    data: Json,
    schema: LabelSchema,
    findings: Sequence[Finding] = (),
    around: str = "",
    crop: str = "",
) -> ReviewRequest:
    """What the platform is to show; `findings` is what else is known of the item, `around` its label
    with all its parts, `crop` the place in its picture.

    A blind task says nothing of the label, the model's guess, or what was found.
    """
    held = {tag.field: value_at(data, tag.field) for tag in schema.objects}
    fields = {name: value for name, value in held.items() if value is not None}
    return ReviewRequest(
        key=task.key,
        batch=task.batch or "",
        title=wording.review_title(),
        context=wording.blind_context()
        if task.blind
        else wording.flag_context(_facts(issue, findings, schema)),
        data=fields,
        options=_options(issue, schema),
        suggestion=None if task.blind else issue.suggested,
        suggestion_score=None if task.blind else issue.probability,
        model_version=issue.model_version,
        kind=schema.kind,
        given=issue.given if kind_of(schema).in_parts else "",
        suggested=issue.suggested if kind_of(schema).in_parts else "",
        around=around if kind_of(schema).in_parts else "",
        blind=task.blind,
        crop=crop,
        text=(labelled_text(schema, data) or "") if kind_of(schema).in_parts else "",
    )


def _facts(issue: Issue, findings: Sequence[Finding], schema: LabelSchema) -> wording.FlagFacts:
    evidence = issue.evidence
    asked = QUESTIONS.get(issue.kind)
    shown = {FindingKind.DISAGREEMENT} if evidence.others else set()
    shown |= {FindingKind(issue.kind.value)} if asked else set()
    return wording.FlagFacts(
        given=schema.text(issue.given),
        suggested=schema.text(issue.suggested),
        probability=issue.probability,
        near=[(schema.text(label), p) for label, p in evidence.near],
        others=[schema.text(label) for _, label in evidence.others]
        if issue.kind is not IssueKind.DISAGREEMENT
        else (),
        similar=evidence.similar,
        question=asked(evidence.about or {}) if asked else kind_of(schema).question(issue),
        also=[
            wording.finding_sentence(one.kind, one.facts)
            for one in findings
            if one.kind in ALSO_TOLD and one.kind not in shown
        ],
    )


def _options(issue: Issue, schema: LabelSchema) -> tuple[str, ...]:
    """The given, suggested and nearest classes, in the config's order: it favours neither label."""
    if kind_of(schema).in_parts:
        return schema.classes
    wanted = {issue.given, issue.suggested, *issue.evidence.options}
    return tuple(label for label in schema.classes if label in wanted)
