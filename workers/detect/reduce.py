"""What the parts of a shared scan have found, taken together: the next pass, or the scan's record."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from connector import wording
from connector.errors import Misconfigured
from connector.model import IssueKind, ScanReport, ScanSummary, ShardedScan
from connector.model.jobs import JobKind
from connector.model.lanes import job
from connector.store.unit_of_work import UnitOfWork
from workers.context import Context, Summary
from workers.detect.findings.detect import Looked
from workers.detect.findings.store import look_around_in_parts
from workers.detect.flags import Origin
from workers.detect.queue import JudgedRows, Policy, carry_out, weigh
from workers.detect.record import Run, lost_classes, scan_summary, scan_when_due
from workers.detect.sharding import FrozenRows, Part, advance, begin_anew, blob_name, give_up, load
from workers.detect.state import kept
from workers.issues import LabelIssues
from workers.issues.arrays import Classes
from workers.issues.sharded import (
    Cuts,
    PairQuestion,
    Reduction,
    ShardEvidence,
    ShardMargins,
    ShardTrust,
    UnusableState,
    cuts_of,
)
from workers.issues.validation import InvalidInput
from workers.review.quality import learned
from workers.review.quality.telling import keep as keep_quality

LEAST_CLASSES = 2
TRUST, EVIDENCE, MARGINS = 1, 2, 3  # what the pass before has brought


@dataclass(frozen=True, slots=True)
class Parts:
    """All parts of a scan; `filled` are the numbers of those with rows."""

    all: Sequence[Part]
    filled: Sequence[int]

    @property
    def with_rows(self) -> list[Part]:
        return [self.all[shard] for shard in self.filled]

    @property
    def skipped(self) -> Counter[str]:
        return sum((Counter(part.skipped) for part in self.all), Counter())

    @property
    def model_version(self) -> str:
        return next((part.model_version for part in self.with_rows), "none")

    @property
    def warnings(self) -> list[str]:
        return [said for part in self.all for said in part.warnings][:1]


def handle(context: Context) -> Summary:
    payload = context.job.payload
    with context.read() as unit:
        scan = unit.sharded_scans.running(context.project.id)
    if scan is None or (scan.id, scan.number) != (payload["scan"], payload["pass"]):
        return {"pass": payload["pass"], "done": "before"}
    if not _holds(context, scan):
        return _anew(context, scan, "the settings or the labelling config have changed")
    try:
        return _reduce(context, scan)
    except UnusableState as error:
        return _anew(context, scan, str(error))
    except InvalidInput as error:
        with context.begin() as unit:
            give_up(unit, context.project.id, scan.id)
        raise Misconfigured(
            str(error), field=f"projects.{context.project.name}.predictions", remedy="Then scan again."
        ) from error


def _holds(context: Context, scan: ShardedScan) -> bool:
    """Whether what the scan began with still is so."""
    schema = context.fresh_project().schema
    now = context.settings
    return (
        schema is not None
        and list(schema.classes) == scan.plan["classes"]
        and now.policy.method.value == scan.plan["method"]
        and now.predictions.source.value == scan.plan["source"]
    )


def _anew(context: Context, scan: ShardedScan, why: str) -> Summary:
    with context.begin() as unit:
        begin_anew(unit, context.project.id, scan.id)
    return {"pass": scan.number, "given_up": why}


def _reduce(context: Context, scan: ShardedScan) -> Summary:
    with context.read() as unit:
        n_shards = len(unit.sharded_scans.ranges_of(scan.id))
    every = [Part.from_bytes(load(context, scan.id, "part", shard)) for shard in range(n_shards)]
    parts = Parts(every, [shard for shard, part in enumerate(every) if len(part.item_ids)])
    trusts = [ShardTrust.from_bytes(load(context, scan.id, "trust", shard)) for shard in parts.filled]
    if scan.number == TRUST:
        return _after_trust(context, scan, parts, trusts)
    cuts = Cuts.from_bytes(load(context, scan.id, "cuts"))
    reduction = Reduction(
        cuts,
        trusts,
        [ShardEvidence.from_bytes(load(context, scan.id, "evidence", shard)) for shard in parts.filled],
    )
    if scan.number == EVIDENCE and reduction.question is not None:
        return _next(context, scan, "question", reduction.question)
    answers = [
        ShardMargins.from_bytes(load(context, scan.id, "margins", shard))
        for shard in parts.filled
        if scan.number == MARGINS
    ]
    given = np.concatenate([part.given for part in trusts])
    return _record(context, scan, parts, reduction.issues(answers), given)


def _after_trust(context: Context, scan: ShardedScan, parts: Parts, trusts: Sequence[ShardTrust]) -> Summary:
    if not trusts:
        with context.begin() as unit:
            give_up(unit, context.project.id, scan.id)
        raise Misconfigured(
            "no labeled item has a usable prediction",
            field=f"projects.{context.project.name}.predictions",
            remedy="Import predictions.",
        )
    classes = np.unique(np.concatenate([np.unique(part.given) for part in trusts]))
    if len(classes) < LEAST_CLASSES:
        return _nothing_to_judge(context, scan, parts, len(classes))
    return _next(context, scan, "cuts", cuts_of(trusts, str(scan.plan["method"])))


def _next(context: Context, scan: ShardedScan, what: str, found: Cuts | PairQuestion) -> Summary:
    with context.begin() as unit:
        unit.blobs.put(context.project.id, blob_name(scan.id, what), found.to_bytes())
        advance(unit, context.project.id, scan, scan.number + 1)
    return {"pass": scan.number, "next": scan.number + 1}


def _summary(context: Context, scan: ShardedScan, parts: Parts, said: Sequence[str]) -> ScanSummary:
    skipped = dict(Counter(scan.plan["skipped"]) + parts.skipped)
    run = Run(scan.id, scan.started_at, int(scan.plan["seq"]), int(scan.plan["counted"]), skipped)
    warnings = [*lost_classes(context, skipped), *parts.warnings, *said]
    stated = context.settings.predictions.out_of_sample
    if stated is None:
        warnings.append(wording.not_stated_out_of_sample(str(scan.plan["source"])))
    n_items = sum(len(part.item_ids) for part in parts.all)
    made = scan_summary(context, run, n_items, parts.model_version, tuple(warnings))
    report = ScanReport(out_of_sample="stated" if stated else "not stated", source={"shards": len(parts.all)})
    return replace(made, report=report)


def _nothing_to_judge(context: Context, scan: ShardedScan, parts: Parts, n_classes: int) -> Summary:
    n_items = sum(len(part.item_ids) for part in parts.all)
    summary = _summary(context, scan, parts, [wording.too_few_labels(n_items, n_classes)])
    looked = look_around_in_parts(context, scan.plan["classes"], np.zeros(0, dtype=np.int64))
    with context.begin() as unit:
        _conclude(unit, context, scan, summary, looked)
    return {"items": n_items, "flagged": 0, "warnings": list(summary.warnings)}


def _conclude(
    unit: UnitOfWork, context: Context, scan: ShardedScan, summary: ScanSummary, looked: Looked
) -> None:
    """The scan is over: its record stands, its parts go, and what waited for its end comes next."""
    project_id = context.project.id
    unit.findings.replace(project_id, looked.findings(project_id, scan.id, ()))
    unit.issues.add_scan(replace(summary, report=replace(summary.report, **looked.report())))
    unit.projects.scanned(project_id, int(scan.plan["counted"]))
    # Too many rows to keep at hand: changes from now on wait for the next scan.
    kept.make_count(unit, project_id, scan.id, int(scan.plan["seq"]), None)
    give_up(unit, project_id, scan.id)
    scan_when_due(unit, project_id, context.settings.policy)


def _class_counts(classes: Sequence[str], given: Classes) -> dict[str, int]:
    """Class → how many labels were judged."""
    counts = np.bincount(given, minlength=len(classes))
    return {name: int(n) for name, n in zip(classes, counts, strict=True)}


def _record(context: Context, scan: ShardedScan, parts: Parts, found: LabelIssues, given: Classes) -> Summary:
    project = context.project
    classes = tuple(str(name) for name in scan.plan["classes"])
    rows = FrozenRows(context, scan.id, parts.filled, parts.with_rows)
    judged = JudgedRows(
        origin=Origin(project.id, scan.id, parts.model_version, str(scan.plan["method"]), classes),
        item_ids=rows.item_ids,
        given=given,
        order=found.order,
        suggested=found.suggested,
        quality=found.quality,
        row_of=rows.row_of,
        probs_of=rows.probs_of,
        whole=True,
    )
    with context.read() as unit:
        now = learned(unit, project, context.settings, classes)
    # Seeded by the scan: a job that is tried again draws the same controls.
    chance = np.random.default_rng(uuid.UUID(scan.id).int)
    difference = weigh(context, judged, Policy(now.policy, now.cap_scale), chance)
    summary = _summary(context, scan, parts, found.warnings)
    looked = look_around_in_parts(context, classes, given)
    with context.begin() as unit:
        queue = carry_out(unit, context, judged, difference)
        controls = sum(place.kind is IssueKind.CONTROL for place in difference.fresh.values())
        summary = replace(
            summary,
            n_flagged=int(found.mask.sum()),
            n_planned=queue.planned,
            n_suppressed=difference.n_places - queue.planned,
            n_controls=controls,
            report=replace(summary.report, class_counts=_class_counts(classes, given)),
        )
        _conclude(unit, context, scan, summary, looked)
        keep_quality(unit, project, context.settings.quality)
        detail = {"flagged": summary.n_flagged, "planned": queue.planned, "method": summary.method}
        unit.audit.append("secondlook", "scan", scan.id, detail, project.name)
        unit.enqueue(job(JobKind.PUSH, project.id))
    return {"items": summary.n_items, "flagged": summary.n_flagged, "planned": queue.planned}
