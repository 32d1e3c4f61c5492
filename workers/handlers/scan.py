"""Find labels that are probably wrong, and plan which of them people are asked about."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np

from connector import wording
from connector.errors import Misconfigured, Retryable
from connector.jobs import JobKind
from connector.model import Issue, IssueState, LabelledItem, LabelSchema, LabelStatus, ScanSummary
from connector.store.unit_of_work import UnitOfWork
from workers.absorb import release_stale_issues
from workers.context import Context, Summary
from workers.flagging import Flags, find
from workers.issues.validation import InvalidInput
from workers.plan import job, lost_classes_fact
from workers.planning import review_task
from workers.probabilities import Probabilities, probabilities_for

LEAST_CLASSES = 2


def handle(context: Context) -> Summary:
    started = context.services.clock.now()
    project = context.fresh_project()
    if project.schema is None or project.last_sync_at is None:
        with context.begin() as unit:
            unit.enqueue(job(JobKind.SYNC, project.id))
        msg = f"project {project.name!r} has not been synced yet; the scan follows the sync"
        raise Retryable(msg, after=5.0)
    with context.read() as unit:
        items = list(unit.items.labelled(project.id))
        statuses = unit.items.label_statuses(project.id)
    judged = [item for item in items if item.label in project.schema.classes]
    skipped = _skipped(statuses, len(items) - len(judged))
    if not _several_classes(judged):
        return _nothing_to_judge(context, started, judged, skipped, project.changes_since_scan)
    probabilities = probabilities_for(context, project.schema, judged)
    skipped |= probabilities.skipped
    if not _several_classes(probabilities.items):
        return _nothing_to_judge(context, started, probabilities.items, skipped, project.changes_since_scan)
    flags = _find(context, project.schema, probabilities)
    return _record(context, started, flags, probabilities, skipped, project.changes_since_scan)


def _skipped(statuses: Mapping[str, int], of_other_classes: int) -> dict[str, int]:
    """What cannot be judged, by reason.

    Labels stored as valid may be of classes that a changed config has no more: the sync that reads
    them again is still on its way.
    """
    counts = Counter({name: n for name, n in statuses.items() if name != LabelStatus.VALID.value})
    counts[LabelStatus.UNKNOWN_CLASS.value] += of_other_classes
    return {name: n for name, n in counts.items() if n}


def _several_classes(items: Sequence[LabelledItem]) -> bool:
    return len({item.label for item in items}) >= LEAST_CLASSES


def _find(context: Context, schema: LabelSchema, probabilities: Probabilities) -> Flags:
    with context.read() as unit:
        active = unit.issues.active(context.project.id)
        settled = unit.issues.settled(context.project.id)
    in_review = {item_id for item_id, issue in active.items() if issue.state is not IssueState.SUPPRESSED}
    # Seeded by the job: a scan that is tried again draws the same controls.
    chance = np.random.default_rng(uuid.UUID(context.job.id).int)
    try:
        return find(context.settings.policy, schema.classes, probabilities, in_review, settled, chance)
    except InvalidInput as error:
        raise Misconfigured(
            str(error), field=f"projects.{context.project.name}.predictions", remedy="Then scan again."
        ) from error


def _nothing_to_judge(
    context: Context,
    started: datetime,
    items: Sequence[LabelledItem],
    skipped: dict[str, int],
    counted: int,
) -> Summary:
    warning = wording.too_few_labels(len(items), len({item.label for item in items}))
    summary = _summary(context, started, len(items), "none", skipped, (warning,))
    with context.begin() as unit:
        unit.issues.add_scan(summary)
        unit.projects.scanned(context.project.id, counted)
    return {"items": len(items), "flagged": 0, "warnings": [warning]}


def _lost_classes(context: Context, skipped: Mapping[str, int]) -> list[str]:
    """Classes that labels carry although the labelling config does not have them any more."""
    if not skipped.get(LabelStatus.UNKNOWN_CLASS.value):
        return []  # all of them were labeled again since
    project = context.fresh_project()
    with context.read() as unit:
        lost: dict[str, int] = json.loads(unit.facts.get(lost_classes_fact(project.id)) or "{}")
    now = project.schema.classes if project.schema else ()
    return [wording.lost_class(label, n) for label, n in lost.items() if label not in now]


def _record(
    context: Context,
    started: datetime,
    flags: Flags,
    probabilities: Probabilities,
    skipped: dict[str, int],
    counted: int,
) -> Summary:
    project, policy = context.project, context.settings.policy
    warnings = (*_lost_classes(context, skipped), *probabilities.warnings, *flags.warnings)
    base = _summary(
        context, started, len(probabilities.items), probabilities.model_version, skipped, warnings
    )
    base = replace(base, report=dict(probabilities.report))
    with context.begin() as unit:
        free = max(0, policy.budget - unit.reviews.open_count(project.id))
        issues = flags.issues(project.id, base.id, probabilities.model_version, free)
        planned = _merge(unit, context, issues)
        # A label may have changed while its old value was being judged.
        release_stale_issues(unit, project, [issue.item_id for issue in issues])
        controls = sum(1 for issue in issues if issue.kind.value == "control")
        summary = replace(
            base,
            n_flagged=flags.n_flagged,
            n_planned=planned,
            n_suppressed=len(issues) - planned,
            n_controls=controls,
        )
        unit.issues.add_scan(summary)
        unit.projects.scanned(project.id, counted)
        detail = {"flagged": summary.n_flagged, "planned": planned, "method": summary.method}
        unit.audit.append("secondlook", "scan", summary.id, detail, project.name)
        unit.enqueue(job(JobKind.PUSH, project.id))
    return {
        "items": summary.n_items,
        "flagged": summary.n_flagged,
        "planned": planned,
        "suppressed": summary.n_suppressed,
        "controls": controls,
        "skipped": skipped,
        "warnings": list(warnings),
    }


def _merge(unit: UnitOfWork, context: Context, issues: Sequence[Issue]) -> int:
    """Store this scan's issues beside those that stand; the number of review tasks planned.

    An issue that is open or in review keeps its question; a suppressed one takes the new figures, or
    becomes stale when it is not flagged any more.
    """
    active = unit.issues.active(context.project.id)
    planned = 0
    fresh: list[Issue] = []
    for issue in issues:
        old = active.pop(issue.item_id, None)
        if old is not None and old.state is not IssueState.SUPPRESSED:
            continue
        if old is None:
            fresh.append(issue)
        else:
            unit.issues.rescore(replace(issue, id=old.id))
        planned += int(issue.state is IssueState.OPEN)
    unit.issues.add(fresh)
    dropped = [old.id for old in active.values() if old.state is IssueState.SUPPRESSED]
    unit.issues.set_state(dropped, IssueState.STALE, wording.NO_LONGER_FLAGGED)
    to_ask = unit.issues.open_without_review(context.project.id)
    unit.reviews.plan([review_task(issue, context.settings.review.quorum) for issue in to_ask])
    return planned


def _summary(
    context: Context,
    started: datetime,
    n_items: int,
    model_version: str,
    skipped: dict[str, int],
    warnings: tuple[str, ...],
) -> ScanSummary:
    return ScanSummary(
        id=str(uuid.uuid4()),
        project_id=context.project.id,
        started_at=started,
        finished_at=context.services.clock.now(),
        n_items=n_items,
        n_flagged=0,
        n_planned=0,
        n_suppressed=0,
        n_controls=0,
        method=context.settings.policy.method.value,
        model_version=model_version,
        skipped=skipped,
        warnings=warnings,
    )
