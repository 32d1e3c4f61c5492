"""All parts of a shared scan have been read: they are judged together, as by one worker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from connector.config.project import PolicySettings
from connector.errors import Misconfigured
from connector.model import ScanReport, ShardedScan
from connector.model.reasons import Code, ScanDoubt, coded
from connector.store.unit_of_work import UnitOfWork
from workers.context import Context, Summary
from workers.detect.conclude import (
    LEAST_CLASSES,
    Also,
    ScanResult,
    conclude,
    conclude_unjudged,
    detector_of,
    find_issues,
)
from workers.detect.findings.detect import ScanFindings
from workers.detect.findings.store import findings_of_parts
from workers.detect.flags import Origin
from workers.detect.queue import JudgedRows, Policy
from workers.detect.record import Run, class_counts, scan_when_due
from workers.detect.sharding import PartsTogether, begin_anew, enqueue_due, give_up, parts_together
from workers.detect.sources.choose import doubts
from workers.detect.state import UnusableState
from workers.detect.state.item_rows import ItemRows
from workers.issues import LabelIssues
from workers.label_types.base import odd_input
from workers.review.quality.asking import learned


def handle(context: Context) -> Summary:
    scan_id = context.job.payload["scan"]
    with context.read() as unit:
        scan = unit.sharded_scans.running(context.project.id)
        waiting = [] if scan is None else unit.sharded_scans.undone(scan.id)
    if scan is None or scan.id != scan_id:
        return {"scan": scan_id, "done": "before"}
    if waiting:
        with context.begin() as unit:
            enqueue_due(unit, context.project.id)
        return {"scan": scan_id, "waits_for": waiting}
    if not _holds(context, scan):
        return _anew(context, scan, "the settings or the labelling config have changed")
    try:
        with parts_together(context, scan) as parts:
            return _judge(context, scan, parts)
    except UnusableState as error:
        return _anew(context, scan, str(error))
    except Misconfigured:
        with context.begin() as unit:
            give_up(unit, context.project.id, scan.id)
        raise


def _holds(context: Context, scan: ShardedScan) -> bool:
    """Whether what the scan began with still is so."""
    schema, now = context.fresh_project().schema, context.settings
    begun = (scan.plan.classes, scan.plan.method, scan.plan.source)
    return (
        schema is not None
        and (schema.classes, now.policy.method.value, now.predictions.source.value) == begun
    )


def _anew(context: Context, scan: ShardedScan, why: str) -> Summary:
    with context.begin() as unit:
        begin_anew(unit, context.project.id, scan.id)
    return {"scan": scan.id, "given_up": why}


def _judge(context: Context, scan: ShardedScan, parts: PartsTogether) -> Summary:
    if not len(parts.item_ids):
        raise Misconfigured(
            "no labeled item has a usable prediction",
            field=f"projects.{context.project.name}.predictions",
            remedy="Import predictions.",
        )
    skipped = dict(Counter(scan.plan.skipped) + Counter(parts.skipped))
    run = Run(scan.id, scan.started_at, scan.plan.seq, scan.plan.counted, skipped, begun_by=scan.id)
    row_of = ItemRows(parts.item_ids).row_of
    findings = findings_of_parts(context, scan.plan.classes, parts.labels, parts.item_ids, row_of)
    n_classes = len(np.unique(parts.labels))
    if n_classes < LEAST_CLASSES:
        return conclude_unjudged(context, run, parts.item_ids, n_classes, findings, _over(context, scan))
    issues = find_issues(context, parts.labels, parts.matrix)
    result = _result(context, run, scan, parts, issues, findings)
    return conclude(context, run, result, _over(context, scan))


def _over(context: Context, scan: ShardedScan) -> Also:
    """The scan's parts go, and what waited for its end comes next."""

    def over(unit: UnitOfWork) -> None:
        give_up(unit, context.project.id, scan.id)
        scan_when_due(unit, context.project.id, context.settings.policy)

    return over


def _result(
    context: Context,
    run: Run,
    scan: ShardedScan,
    parts: PartsTogether,
    issues: LabelIssues,
    findings: ScanFindings,
) -> ScanResult:
    project, plan, settings = context.project, scan.plan, context.settings
    with context.read() as unit:
        now = learned(unit, project, settings, plan.classes)
    stated = settings.predictions.out_of_sample
    warnings, report = doubts(parts.labels, parts.matrix, plan.source, stated=stated)
    report = {**report, "shards": parts.n_parts, "class_counts": class_counts(plan.classes, parts.labels)}
    judged = JudgedRows(
        origin=Origin(project.id, scan.id, parts.model_version, plan.method, plan.classes),
        item_ids=parts.item_ids,
        given=parts.labels,
        order=issues.order,
        suggested=issues.suggested,
        quality=issues.quality,
        row_of=ItemRows(parts.item_ids).row_of,
        probs_of=parts.matrix.__getitem__,
        whole=True,
    )
    return ScanResult(
        judged=judged,
        findings=findings,
        policy=Policy(now.policy, now.cap_scale, least_controls=now.least_controls),
        report=ScanReport.from_json(report),
        warnings=(*warnings, *odd_input(issues.warnings), *_not_asked(settings.policy, findings)),
        detector=detector_of(context, run, judged, parts.matrix),
    )


def _not_asked(policy: PolicySettings, findings: ScanFindings) -> Sequence[Code]:
    """A warning where the policy wants questions of kinds that a scan in parts does not look for."""
    lacking = {kind.value for kind in findings.not_searched}
    kinds = [kind.value for kind in policy.review_kinds if kind.value in lacking]
    return [coded(ScanDoubt.NOT_ASKED_IN_PARTS, kinds=kinds, shard_rows=policy.shard_rows)] if kinds else []
