"""Find labels that are probably wrong, and plan which of them people are asked about."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from connector import wording
from connector.errors import Misconfigured, Retryable
from connector.model import LabelledItem, LabelSchema, Project, ScanReport, ScanSummary
from connector.model.jobs import JobKind
from connector.model.lanes import job
from workers.context import Context, Summary
from workers.detect import sharding
from workers.detect.by_type import scan_by_type
from workers.detect.findings.detect import Looked
from workers.detect.findings.store import look_around
from workers.detect.flags import Origin, n_kept
from workers.detect.queue import JudgedRows, Policy, carry_out, weigh
from workers.detect.record import Run, class_counts, lost_classes, scan_summary, skipped_labels
from workers.detect.sources.base import Probabilities
from workers.detect.sources.choose import probabilities_for
from workers.detect.state import Basis, Detector, kept
from workers.detect.state.item_rows import ItemRows
from workers.detect.unjudged import unjudged
from workers.issues import LabelIssues, label_issues
from workers.issues.validation import InvalidInput
from workers.label_types.choice.encode import encode
from workers.label_types.registry import ValidLabels, kind_of
from workers.review.quality import learned
from workers.review.quality.telling import keep as keep_quality

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
    issues = _detect(context, project.schema, probabilities)
    looked = look_around(context, project.schema, probabilities.items, (probabilities, issues))
    judged_rows = _judged(context, run, project.schema, probabilities, issues)
    detector = _detector(context, run, project.schema, probabilities)
    return _record(context, run, judged_rows, issues, probabilities, looked, detector)


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


def _detect(context: Context, schema: LabelSchema, probabilities: Probabilities) -> LabelIssues:
    labels = encode([item.label for item in probabilities.items], schema.classes)
    try:
        return label_issues(labels, probabilities.matrix, method=context.settings.policy.method.value)
    except InvalidInput as error:
        raise Misconfigured(
            str(error), field=f"projects.{context.project.name}.predictions", remedy="Then scan again."
        ) from error


def _judged(
    context: Context, run: Run, schema: LabelSchema, probabilities: Probabilities, issues: LabelIssues
) -> JudgedRows:
    item_ids = np.array([item.item_id for item in probabilities.items], dtype=np.int64)
    near = probabilities.neighbours if len(issues.order) else None
    return JudgedRows(
        origin=Origin(
            project_id=context.project.id,
            scan_id=run.scan_id,
            model_version=probabilities.model_version,
            method=context.settings.policy.method.value,
            classes=schema.classes,
        ),
        item_ids=item_ids,
        given=encode([item.label for item in probabilities.items], schema.classes),
        order=issues.order,
        suggested=issues.suggested,
        quality=issues.quality,
        row_of=ItemRows(item_ids).row_of,
        probs_of=probabilities.matrix.__getitem__,
        whole=True,
        near=None if near is None else near.indices,
    )


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
    judged: JudgedRows,
    issues: LabelIssues,
    probabilities: Probabilities,
    looked: Looked,
    detector: Detector | None,
) -> Summary:
    project = context.project
    with context.read() as unit:
        now = learned(unit, project, context.settings, judged.origin.classes)
    # Seeded by the job: a scan that is tried again draws the same controls.
    chance = np.random.default_rng(uuid.UUID(context.job.id).int)
    policy = Policy(now.policy, now.cap_scale, probabilities.limit)
    difference = weigh(context, judged, policy, chance, looked.drafts)
    summary = _summary(context, run, judged, issues, probabilities, looked, policy)
    blob = None if detector is None else kept.store_content(context, detector)
    with context.begin() as unit:
        queue = carry_out(unit, context, judged, difference)
        summary = replace(
            summary,
            n_planned=queue.planned,
            n_suppressed=difference.n_places - queue.planned,
            n_controls=difference.n_controls,
        )
        unit.findings.replace(project.id, looked.findings(project.id, run.scan_id, judged.item_ids.tolist()))
        unit.issues.add_scan(summary)
        unit.projects.scanned(project.id, run.counted)
        keep_quality(unit, project, context.settings.quality)
        kept.make_count(unit, project.id, run.scan_id, run.seq, blob)
        detail = {"flagged": summary.n_flagged, "planned": queue.planned, "method": summary.method}
        unit.audit.append("secondlook", "scan", summary.id, detail, project.name)
        unit.enqueue(job(JobKind.PUSH, project.id))
    if detector is not None:
        kept.keep(context, detector)
    return {
        "items": summary.n_items,
        "flagged": summary.n_flagged,
        "planned": summary.n_planned,
        "suppressed": summary.n_suppressed,
        "controls": summary.n_controls,
        "skipped": run.skipped,
        "warnings": list(summary.warnings),
    }


def _summary(
    context: Context,
    run: Run,
    judged: JudgedRows,
    issues: LabelIssues,
    probabilities: Probabilities,
    looked: Looked,
    policy: Policy,
) -> ScanSummary:
    n_flagged = len(issues.order)
    put_forward = n_kept(policy.settings, policy.limit, n_flagged)
    limited = [] if put_forward == n_flagged else [wording.flags_limited(put_forward, n_flagged)]
    lost = lost_classes(context, run.skipped)
    warnings = (*lost, *probabilities.warnings, *issues.warnings, *limited)
    counts = class_counts(judged.origin.classes, judged.given)
    return replace(
        scan_summary(context, run, len(judged.item_ids), probabilities.model_version, warnings),
        n_flagged=n_flagged,
        report=replace(ScanReport.from_json(probabilities.report), class_counts=counts, **looked.report()),
    )
