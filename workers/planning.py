"""From an issue to the review task that asks about it. Pure."""

from __future__ import annotations

import uuid

from connector import wording
from connector.model import Issue, Json, LabelSchema, ReviewRequest, ReviewState, ReviewTask

NEAR_OPTIONS = 6  # classes offered at once where a project has many


def review_task(issue: Issue, quorum: int) -> ReviewTask:
    """A planned review task for an open issue."""
    return ReviewTask(
        key=str(uuid.uuid4()),
        issue_id=issue.id,
        project_id=issue.project_id,
        state=ReviewState.PLANNED,
        remote_id=None,
        batch=None,
        blind=bool(issue.evidence.get("blind")),
        overlap=quorum,
        overlap_pushed=0,
        request={},
    )


def review_request(task: ReviewTask, issue: Issue, data: Json, schema: LabelSchema) -> ReviewRequest:
    """What the platform is to show. A blind task says nothing of the label or the model's guess."""
    fields = {tag.field: data[tag.field] for tag in schema.objects if tag.field in data}
    return ReviewRequest(
        key=task.key,
        batch=task.batch or "",
        title=wording.review_title(),
        context=wording.blind_context() if task.blind else wording.flag_context(_facts(issue)),
        data=fields,
        options=_options(issue, schema),
        suggestion=None if task.blind else issue.suggested,
        suggestion_score=None if task.blind else issue.probability,
        model_version=issue.model_version,
    )


def _facts(issue: Issue) -> wording.FlagFacts:
    evidence = issue.evidence
    return wording.FlagFacts(
        given=issue.given,
        suggested=issue.suggested,
        probability=issue.probability,
        near=[(str(label), float(p)) for label, p in evidence.get("near", [])],
        others=[str(label) for _, label in evidence.get("others", [])],
        similar=[str(label) for label in evidence.get("similar", [])],
    )


def _options(issue: Issue, schema: LabelSchema) -> tuple[str, ...]:
    """The given, suggested and nearest classes, in the config's order: it favours neither label."""
    wanted = {issue.given, issue.suggested, *(str(label) for label in issue.evidence.get("options", []))}
    return tuple(label for label in schema.classes if label in wanted)
