"""The end of a scan, however its rows were read: queue, findings and record, in one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from connector import wording
from connector.errors import Misconfigured
from connector.model import ScanReport, ScanSummary
from connector.model.jobs import JobKind
from connector.model.lanes import job
from connector.model.reasons import Code, ScanDoubt, coded
from connector.store.unit_of_work import UnitOfWork
from workers.context import Context, Summary
from workers.detect.findings.detect import ScanFindings
from workers.detect.flags import n_kept
from workers.detect.queue import Difference, JudgedRows, Policy, Queue, carry_out, weigh_scan
from workers.detect.record import Run, lost_classes, scan_summary
from workers.detect.state import Basis, Detector, kept
from workers.issues import LabelIssues, label_issues
from workers.issues.arrays import Classes, Probabilities
from workers.issues.validation import InvalidInput
from workers.review.quality.conclusions import keep as keep_quality

LEAST_CLASSES = 2

Also = Callable[[UnitOfWork], None]  # what else belongs into the transaction


def nothing_else(unit: UnitOfWork) -> None:
    del unit


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What a scan has found: about labels, and about all else that it looked for."""

    judged: JudgedRows
    findings: ScanFindings
    policy: Policy
    report: ScanReport
    warnings: tuple[Code, ...] = ()
    detector: Detector | None = None  # what judges the changes that come after it


def find_issues(context: Context, labels: Classes, matrix: Probabilities) -> LabelIssues:
    """The label issues of (N,) classes and (N, K) probabilities. Misconfigured where those are none."""
    try:
        return label_issues(labels, matrix, method=context.settings.policy.method.value)
    except InvalidInput as error:
        raise Misconfigured(
            str(error), field=f"projects.{context.project.name}.predictions", remedy="Then scan again."
        ) from error


def detector_of(
    context: Context, run: Run, judged: JudgedRows, matrix: Probabilities, limit: float = 1.0
) -> Detector | None:
    """What judges the changes that come after a scan; None where it would take too much memory."""
    if matrix.size > kept.MOST_CELLS:
        return None
    origin = judged.origin
    basis = Basis(
        scan_id=run.scan_id,
        source=context.settings.predictions.source.value,
        model_version=origin.model_version,
        method=origin.method,
        classes=origin.classes,
        limit=limit,
    )
    return Detector.build(basis, run.seq, judged.item_ids, judged.given, matrix)


def conclude(context: Context, run: Run, result: ScanResult, also: Also = nothing_else) -> Summary:
    """Bring the review queue to what was found, and record the scan."""
    chance = np.random.default_rng(uuid.UUID(run.begun_by).int)
    difference = weigh_scan(context, result.judged, result.policy, chance, result.findings.drafts)
    summary = _summary(context, run, result)
    blob = None if result.detector is None else kept.store_content(context, result.detector)
    with context.begin() as unit:
        queue = carry_out(unit, context, result.judged, difference)
        summary = _counted(summary, queue, difference)
        _store(unit, context, run, summary, result.findings, result.judged.item_ids, blob)
        keep_quality(unit, context.project, context.settings.quality)
        detail = {"flagged": summary.n_flagged, "planned": queue.planned, "method": summary.method}
        unit.audit.append("secondlook", "scan", summary.id, detail, context.project.name)
        unit.enqueue(job(JobKind.PUSH, context.project.id))
        also(unit)
    if result.detector is not None:
        kept.keep(context, result.detector)
    return {
        "items": summary.n_items,
        "flagged": summary.n_flagged,
        "planned": summary.n_planned,
        "suppressed": summary.n_suppressed,
        "controls": summary.n_controls,
        "skipped": wording.left_out_texts(run.skipped),
        "warnings": list(wording.reason_texts(summary.warnings)),
    }


def conclude_unjudged(
    context: Context,
    run: Run,
    item_ids: NDArray[np.int64],
    n_classes: int,
    findings: ScanFindings,
    also: Also = nothing_else,
) -> Summary:
    """Record a scan of labels that are too few, or of one class: it judged none, and says so."""
    few = coded(ScanDoubt.TOO_FEW_LABELS, n_items=len(item_ids), n_classes=n_classes)
    warnings = (*lost_classes(context, run.skipped), few)
    summary = scan_summary(context, run, len(item_ids), "none", warnings)
    summary = replace(summary, report=ScanReport(**findings.report()))
    with context.begin() as unit:
        _store(unit, context, run, summary, findings, item_ids, None)
        also(unit)
    return {"items": len(item_ids), "flagged": 0, "warnings": list(wording.reason_texts(warnings))}


def _store(
    unit: UnitOfWork,
    context: Context,
    run: Run,
    summary: ScanSummary,
    findings: ScanFindings,
    item_ids: NDArray[np.int64],
    blob: str | None,
) -> None:
    project_id = context.project.id
    unit.findings.replace(project_id, findings.to_store(project_id, run.scan_id, item_ids.tolist()))
    unit.issues.add_scan(summary)
    unit.projects.scanned(project_id, run.counted)
    kept.make_count(unit, project_id, run.scan_id, run.seq, blob)
    if context.settings.map.fields:
        unit.enqueue(job(JobKind.MAP, project_id))


def _summary(context: Context, run: Run, result: ScanResult) -> ScanSummary:
    judged, policy = result.judged, result.policy
    n_flagged = len(judged.order)
    put_forward = n_kept(policy.settings, policy.limit, n_flagged)
    warnings = (*lost_classes(context, run.skipped), *result.warnings)
    if put_forward < n_flagged:
        warnings = (*warnings, coded(ScanDoubt.FLAGS_LIMITED, kept=put_forward, found=n_flagged))
    return replace(
        scan_summary(context, run, len(judged.item_ids), judged.origin.model_version, warnings),
        n_flagged=n_flagged,
        report=replace(result.report, **result.findings.report()),
    )


def _counted(summary: ScanSummary, queue: Queue, difference: Difference) -> ScanSummary:
    return replace(
        summary,
        n_planned=queue.planned,
        n_suppressed=difference.n_places - queue.planned,
        n_controls=difference.n_controls,
    )


def several_classes(labels: Sequence[str] | Classes) -> bool:
    return len(set(labels)) >= LEAST_CLASSES
