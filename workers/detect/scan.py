"""Find labels that are probably wrong, and plan which of them people are asked about."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.linalg import LinAlgError
from numpy.typing import NDArray

from connector import logs
from connector.errors import Retryable
from connector.model import LabelledItem, LabelSchema, Project, ScanReport
from connector.model.jobs import JobKind
from connector.model.lanes import job
from connector.model.reasons import NotJudged, coded
from workers.context import Context, Summary
from workers.detect import sharding
from workers.detect.by_type import scan_by_type
from workers.detect.conclude import (
    ScanResult,
    conclude,
    conclude_unjudged,
    detector_of,
    find_issues,
    several_classes,
)
from workers.detect.encode import encode
from workers.detect.findings.detect import ScanFindings
from workers.detect.findings.store import findings_of_items
from workers.detect.flags import Origin
from workers.detect.map import keep_vectors
from workers.detect.projection import columns_of
from workers.detect.queue import JudgedRows, Policy
from workers.detect.record import Run, class_counts, skipped_labels
from workers.detect.sources.base import Probabilities
from workers.detect.sources.choose import probabilities_for
from workers.detect.state.item_rows import ItemRows
from workers.detect.unjudged import unjudged
from workers.issues import LabelIssues
from workers.label_types.base import odd_input
from workers.label_types.registry import ValidLabels, kind_of
from workers.review.quality.asking import learned

log = logs.get(__name__)


def handle(context: Context) -> Summary:
    project = context.fresh_project()
    if project.schema is None or project.last_sync_at is None:
        with context.begin() as unit:
            unit.enqueue(job(JobKind.SYNC, project.id))
        msg = f"project {project.name!r} has not been synced yet: the service does it, or `secondlook sync`"
        raise Retryable(msg, after=5.0)
    detect = kind_of(project.schema).detect
    if detect is None and sharding.wants_shards(context):
        return sharding.begin(context, project, project.schema)
    run, judged = _begin(context, project, project.schema)
    in_parts = kind_of(project.schema).in_parts
    if not (judged if in_parts else several_classes([item.label for item in judged])):
        return _nothing_to_judge(context, run, project.schema, judged)
    if detect is not None:
        return scan_by_type(context, run, project.schema, judged, detect)
    probabilities = probabilities_for(context, project.schema, judged)
    run.skipped.update(probabilities.skipped)
    if not several_classes([item.label for item in probabilities.items]):
        return _nothing_to_judge(context, run, project.schema, probabilities.items)
    labels = encode([item.label for item in probabilities.items], project.schema.classes)
    issues = find_issues(context, labels, probabilities.matrix)
    findings = findings_of_items(context, project.schema, probabilities.items, (probabilities, issues))
    did = conclude(context, run, _result(context, run, project.schema, probabilities, issues, findings))
    _leave_vectors(context, probabilities)
    return did


def _leave_vectors(context: Context, probabilities: Probabilities) -> None:
    """For the map, which a job of its own draws; the scan is done, and what goes wrong undoes nothing."""
    try:
        columns = None if probabilities.features is None else columns_of(probabilities.features)
        if columns is not None:
            keep_vectors(context, probabilities.items, columns)
    except (MemoryError, ValueError, LinAlgError) as error:
        log.warning("no vectors for the map", project=context.project.name, error=str(error))


def _begin(context: Context, project: Project, schema: LabelSchema) -> tuple[Run, list[LabelledItem]]:
    """What there is to judge, and up to which change of a label it is known."""
    started = context.services.clock.now()
    with context.begin() as unit:
        unit.label_events.open(project.id)
    with context.read() as unit:
        seq = unit.label_events.head(project.id)
        items = list(unit.items.labelled(project.id))
        statuses = unit.items.label_statuses(project.id).counts
        others = unjudged(unit, project.id)
    valid = ValidLabels(schema)
    judged = [item for item in items if item.label in valid]
    skipped = skipped_labels(statuses, len(items) - len(judged))
    skipped |= {
        coded(NotJudged.OTHER_CONTROL, control=control, kind=kind): n
        for (control, kind), n in others.items()
        if n
    }
    scan_id, counted = str(uuid.uuid4()), project.changes_since_scan
    return Run(scan_id, started, seq, counted, skipped, begun_by=context.job.id), judged


def _result(
    context: Context,
    run: Run,
    schema: LabelSchema,
    probabilities: Probabilities,
    issues: LabelIssues,
    findings: ScanFindings,
) -> ScanResult:
    with context.read() as unit:
        now = learned(unit, context.project, context.settings, schema.classes)
    judged = _judged(context, run, schema, probabilities, issues)
    counts = class_counts(schema.classes, judged.given)
    return ScanResult(
        judged=judged,
        findings=findings,
        policy=Policy(
            now.policy,
            now.cap_scale,
            probabilities.limit,
            max(now.least_controls, int(context.job.payload.get("controls", 0))),
        ),
        report=replace(ScanReport.from_json(probabilities.report), class_counts=counts),
        warnings=(*probabilities.warnings, *odd_input(issues.warnings)),
        detector=detector_of(context, run, judged, probabilities.matrix, probabilities.limit),
    )


def _judged(
    context: Context, run: Run, schema: LabelSchema, probabilities: Probabilities, issues: LabelIssues
) -> JudgedRows:
    item_ids = _ids(probabilities.items)
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
        near=near,
    )


def _nothing_to_judge(
    context: Context, run: Run, schema: LabelSchema, items: Sequence[LabelledItem]
) -> Summary:
    findings = findings_of_items(context, schema, items)
    return conclude_unjudged(context, run, _ids(items), len({item.label for item in items}), findings)


def _ids(items: Sequence[LabelledItem]) -> NDArray[np.int64]:
    return np.array([item.item_id for item in items], dtype=np.int64)
