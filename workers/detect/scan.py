"""Find labels that are probably wrong, and plan which of them people are asked about."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from connector import wording
from connector.errors import Misconfigured, Retryable
from connector.model import IssueState, LabelledItem, LabelSchema, Project, ScanReport
from connector.model.jobs import JobKind
from connector.model.lanes import job
from workers.context import Context, Summary
from workers.detect import sharding
from workers.detect.by_type import scan_by_type
from workers.detect.findings.detect import Looked
from workers.detect.findings.questions import ask_too
from workers.detect.findings.store import look_around
from workers.detect.flags import Flags, find
from workers.detect.merging import merge_all
from workers.detect.record import Run, lost_classes, scan_summary, skipped_labels
from workers.detect.sources.choose import Probabilities, probabilities_for
from workers.detect.state import Basis, Detector, kept
from workers.detect.unjudged import unjudged
from workers.issues.validation import InvalidInput
from workers.label_types.registry import ValidLabels, kind_of
from workers.review.quality import learned
from workers.review.quality.telling import keep as keep_quality
from workers.review.release import release_stale_issues

LEAST_CLASSES = 2


def handle(context: Context) -> Summary:
    project = context.fresh_project()
    if project.schema is None or project.last_sync_at is None:
        with context.begin() as unit:
            unit.enqueue(job(JobKind.SYNC, project.id))
        msg = f"project {project.name!r} has not been synced yet; the scan follows the sync"
        raise Retryable(msg, after=5.0)
    detect = kind_of(project.schema).detect
    if detect is None and sharding.wants_shards(context):
        return sharding.begin(context, project, project.schema)
    run, judged = _begin(context, project, project.schema)
    if not _several_classes(judged):
        return _nothing_to_judge(context, run, project.schema, judged)
    if detect is not None:
        return scan_by_type(context, run, project.schema, judged, detect)
    probabilities = probabilities_for(context, project.schema, judged)
    run.skipped.update(probabilities.skipped)
    if not _several_classes(probabilities.items):
        return _nothing_to_judge(context, run, project.schema, probabilities.items)
    flags = _find(context, project.schema, probabilities)
    looked = look_around(context, project.schema, probabilities.items, (probabilities, flags.found))
    detector = _detector(context, run, project.schema, probabilities)
    return _record(context, run, flags, probabilities, looked, detector)


def _begin(context: Context, project: Project, schema: LabelSchema) -> tuple[Run, list[LabelledItem]]:
    """What there is to judge, and up to which change of a label it is known."""
    started = context.services.clock.now()
    with context.begin() as unit:
        unit.label_events.open(project.id)
    with context.read() as unit:
        seq = unit.label_events.head(project.id)
        items = list(unit.items.labelled(project.id))
        statuses = unit.items.label_statuses(project.id)
        others = unjudged(unit, project.id)
    valid = ValidLabels(schema)
    judged = [item for item in items if item.label in valid]
    skipped = skipped_labels(statuses, len(items) - len(judged))
    skipped |= {wording.not_judged_yet(*control): n for control, n in others.items() if n}
    return Run(str(uuid.uuid4()), started, seq, project.changes_since_scan, skipped), judged


def _detector(
    context: Context, run: Run, schema: LabelSchema, probabilities: Probabilities
) -> Detector | None:
    """What judges the changes that come after this scan; None where it would take too much memory."""
    if probabilities.matrix.size > kept.MOST_CELLS:
        return None
    basis = Basis(
        scan_id=run.scan_id,
        source=context.settings.predictions.source.value,
        model_version=probabilities.model_version,
        method=context.settings.policy.method.value,
        classes=schema.classes,
        limit=probabilities.limit,
    )
    return Detector.build(basis, run.seq, probabilities.items, probabilities.matrix)


def _several_classes(items: Sequence[LabelledItem]) -> bool:
    return len({item.label for item in items}) >= LEAST_CLASSES


def _find(context: Context, schema: LabelSchema, probabilities: Probabilities) -> Flags:
    with context.read() as unit:
        active = unit.issues.active(context.project.id)
        settled = unit.issues.settled(context.project.id)
        now = learned(unit, context.project, context.settings, schema.classes)
    in_review = {item_id for item_id, issue in active.items() if issue.state is not IssueState.SUPPRESSED}
    # Seeded by the job: a scan that is tried again draws the same controls.
    chance = np.random.default_rng(uuid.UUID(context.job.id).int)
    try:
        return find(now.policy, schema.classes, probabilities, in_review, settled, chance, now.cap_scale)
    except InvalidInput as error:
        raise Misconfigured(
            str(error), field=f"projects.{context.project.name}.predictions", remedy="Then scan again."
        ) from error


def _nothing_to_judge(
    context: Context, run: Run, schema: LabelSchema, items: Sequence[LabelledItem]
) -> Summary:
    warning = wording.too_few_labels(len(items), len({item.label for item in items}))
    looked = look_around(context, schema, items)
    summary = scan_summary(context, run, len(items), "none", (warning,))
    summary = replace(summary, report=ScanReport(**looked.report()))
    found = looked.findings(context.project.id, run.scan_id, [item.item_id for item in items])
    with context.begin() as unit:
        unit.findings.replace(context.project.id, found)
        unit.issues.add_scan(summary)
        unit.projects.scanned(context.project.id, run.counted)
        kept.make_count(unit, context.project.id, run.scan_id, run.seq, None)
    return {"items": len(items), "flagged": 0, "warnings": [warning]}


def _record(
    context: Context,
    run: Run,
    flags: Flags,
    probabilities: Probabilities,
    looked: Looked,
    detector: Detector | None,
) -> Summary:
    project, policy = context.project, context.settings.policy
    warnings = (*lost_classes(context, run.skipped), *probabilities.warnings, *flags.warnings)
    base = scan_summary(context, run, len(probabilities.items), probabilities.model_version, warnings)
    base = replace(
        base,
        report=replace(
            ScanReport.from_json(probabilities.report),
            class_counts=flags.class_counts,
            **looked.report(),
        ),
    )
    blob = None if detector is None else kept.store_content(context, detector)
    with context.begin() as unit:
        free = max(0, policy.budget - unit.reviews.open_count(project.id))
        issues = flags.issues(project.id, run.scan_id, probabilities.model_version, free)
        issues = ask_too(unit, context, issues, flags, looked, run.scan_id, free)
        unit.findings.replace(
            project.id,
            looked.findings(project.id, run.scan_id, [item.item_id for item in probabilities.items]),
        )
        planned = merge_all(unit, project.id, issues, context.settings.review)
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
        unit.projects.scanned(project.id, run.counted)
        keep_quality(unit, project, context.settings.quality)
        kept.make_count(unit, project.id, run.scan_id, run.seq, blob)
        detail = {"flagged": summary.n_flagged, "planned": planned, "method": summary.method}
        unit.audit.append("secondlook", "scan", summary.id, detail, project.name)
        unit.enqueue(job(JobKind.PUSH, project.id))
    if detector is not None:
        kept.keep(context, detector)
    return {
        "items": summary.n_items,
        "flagged": summary.n_flagged,
        "planned": planned,
        "suppressed": summary.n_suppressed,
        "controls": controls,
        "skipped": run.skipped,
        "warnings": list(warnings),
    }
