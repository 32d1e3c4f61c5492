"""What is said of a scan, whether one worker did it or several."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from connector.config.project import PolicySettings
from connector.model import LabelStatus, ScanSummary
from connector.model.jobs import JobKind
from connector.model.lanes import job
from connector.model.reasons import Code, ScanDoubt, coded
from connector.store.unit_of_work import UnitOfWork
from workers.context import Context
from workers.issues.arrays import Classes


@dataclass(frozen=True, slots=True)
class Run:
    """One scan: what it looks at, as of one moment."""

    scan_id: str
    started: datetime
    seq: int  # the last label event that it knows of
    counted: int  # changes since the last scan, as known
    skipped: dict[Code, int]
    begun_by: str  # the job's id: a scan that is tried again draws the same controls


def scan_when_due(unit: UnitOfWork, project_id: int, policy: PolicySettings) -> None:
    """Have the project scanned if enough has changed, or if it was synced and never scanned.

    Where several workers share a scan, its end looks at this again.
    """
    now, scan = unit.projects.get(project_id), job(JobKind.SCAN, project_id)
    never = now.last_sync_at is not None and now.last_scan_at is None and not unit.jobs.runs(scan.key)
    due = never or now.changes_since_scan >= policy.scan_after_changes
    if due and unit.sharded_scans.running(project_id) is None:
        unit.enqueue(scan)


def skipped_labels(statuses: Mapping[str, int], of_other_classes: int) -> dict[Code, int]:
    """What cannot be judged, by reason.

    Labels stored as valid may be of classes that a changed config has no more: the sync that reads
    them again is still on its way.
    """
    counts = Counter({coded(name): n for name, n in statuses.items() if name != LabelStatus.VALID.value})
    counts[coded(LabelStatus.UNKNOWN_CLASS)] += of_other_classes
    return {name: n for name, n in counts.items() if n}


def lost_classes(context: Context, skipped: Mapping[Code, int]) -> list[Code]:
    """Classes that labels carry although the labelling config does not have them any more."""
    if not skipped.get(coded(LabelStatus.UNKNOWN_CLASS)):
        return []  # all of them were labeled again since
    project = context.fresh_project()
    with context.read() as unit:
        lost: dict[str, int] = json.loads(unit.facts.get(lost_classes_fact(project.id)) or "{}")
    now = project.schema.classes if project.schema else ()
    return [
        coded(ScanDoubt.LOST_CLASS, label=label, count=n) for label, n in lost.items() if label not in now
    ]


def scan_summary(
    context: Context, run: Run, n_items: int, model_version: str, warnings: tuple[Code, ...]
) -> ScanSummary:
    """The record of a scan that has flagged nothing yet."""
    return ScanSummary(
        id=run.scan_id,
        project_id=context.project.id,
        started_at=run.started,
        finished_at=context.services.clock.now(),
        n_items=n_items,
        n_flagged=0,
        n_planned=0,
        n_suppressed=0,
        n_controls=0,
        method=context.settings.policy.method.value,
        model_version=model_version,
        skipped=run.skipped,
        warnings=warnings,
    )


def lost_classes_fact(project_id: int) -> str:
    """The fact in which a sync leaves to the scan which classes are gone while labels carry them."""
    return f"lost_classes:{project_id}"


def class_counts(classes: Sequence[str], given: Classes) -> dict[str, int]:
    """Class → how many labels were judged."""
    counts = np.bincount(given, minlength=len(classes))
    return {name: int(n) for name, n in zip(classes, counts, strict=True)}
