"""A scan that several workers share: what each part keeps once it is read, and which job comes next.

A part reads its items and their probabilities once, on whichever host; the last one has all of them judged
together, as one worker judges what it has read itself.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from connector.config.project import Backend
from connector.errors import Misconfigured
from connector.model import LabelSchema, Project, ScanPlan, ShardedScan
from connector.model.jobs import JobKind, NewJob
from connector.model.lanes import LANES, job
from connector.model.reasons import Code
from connector.store.unit_of_work import UnitOfWork
from workers.context import Context, Summary
from workers.detect.record import skipped_labels
from workers.issues.arrays import Classes, Probabilities
from workers.issues.incremental import saving

PREFIX = "scan:"


@dataclass(frozen=True, slots=True)
class Part:
    """What a part judges, n items by their ids with classes and (n, K) probabilities; what it left out."""

    item_ids: NDArray[np.int64]
    labels: Classes
    matrix: Probabilities
    skipped: Mapping[Code, int]
    model_version: str

    def to_bytes(self) -> bytes:
        file = BytesIO()
        facts = {"skipped": dict(self.skipped), "version": self.model_version}
        arrays = {"items": self.item_ids, "labels": self.labels, "matrix": self.matrix}
        saving.write(file, facts, arrays)
        return file.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> Part:
        """What `to_bytes` gave; raises `UnusableState`."""
        facts, arrays = saving.read(BytesIO(content))
        return cls(arrays["items"], arrays["labels"], arrays["matrix"], facts["skipped"], facts["version"])


@dataclass(frozen=True, slots=True)
class PartsTogether:
    """All parts of a scan, in the order of our ids; the matrix (N, K) is a file that is mapped."""

    item_ids: NDArray[np.int64]
    labels: NDArray[np.int64]
    matrix: Probabilities
    skipped: Mapping[Code, int]
    model_version: str
    n_parts: int


@contextmanager
def parts_together(context: Context, scan: ShardedScan) -> Iterator[PartsTogether]:
    """Read the parts one after the other. UnusableState where one is damaged or gone."""
    with tempfile.TemporaryFile(prefix="secondlook-scan-") as file:
        yield _gathered(context, scan, file)


def _gathered(context: Context, scan: ShardedScan, file: IO[bytes]) -> PartsTogether:
    with context.read() as unit:
        n_parts = len(unit.sharded_scans.ranges_of(scan.id))
    item_ids: list[NDArray[np.int64]] = [np.empty(0, dtype=np.int64)]
    labels: list[NDArray[np.int64]] = [np.empty(0, dtype=np.int64)]
    skipped: Counter[Code] = Counter()
    version: str | None = None
    dtype: np.dtype[np.floating[Any]] = np.dtype(np.float64)
    for shard in range(n_parts):
        part = Part.from_bytes(_kept_of(context, scan.id, shard))
        skipped.update(part.skipped)
        if not len(part.item_ids):
            continue
        if version is None:
            version, dtype = part.model_version, part.matrix.dtype
        if part.model_version != version:
            raise saving.UnusableState(f"its parts have predictions of {version} and {part.model_version}")
        item_ids.append(part.item_ids)
        labels.append(part.labels.astype(np.int64))
        part.matrix.astype(dtype, copy=False).tofile(file)
    every = np.concatenate(item_ids)
    shape = (len(every), len(scan.plan.classes))
    file.flush()
    # An empty file cannot be mapped.
    matrix = np.asarray(np.memmap(file, dtype, "r", shape=shape)) if len(every) else np.empty(shape)
    return PartsTogether(every, np.concatenate(labels), matrix, skipped, version or "none", n_parts)


def _kept_of(context: Context, scan_id: str, shard: int) -> bytes:
    with context.read() as unit:
        content = unit.blobs.get(context.project.id, blob_name(scan_id, shard))
    if content is None:
        raise saving.UnusableState(f"part {shard} of scan {scan_id} is gone or damaged")
    return content


def wants_shards(context: Context) -> bool:
    """Whether a scan of the project goes through shards, or one is on its way."""
    with context.read() as unit:
        if unit.sharded_scans.running(context.project.id) is not None:
            return True
        return unit.items.count(context.project.id) > context.settings.policy.shard_rows


def begin(context: Context, project: Project, schema: LabelSchema) -> Summary:
    """Plan a scan in shards; or, where one is running, see that it has its jobs."""
    chosen, policy = context.settings.predictions, context.settings.policy
    if chosen.source is Backend.BUILTIN:
        raise Misconfigured(
            f"the built-in model learns from at most policy.shard_rows = {policy.shard_rows} items",
            field=f"projects.{project.name}.predictions.source",
            remedy="Take predictions from the platform, a file or a backend; or raise policy.shard_rows, if "
            "one worker has the time and memory for all items.",
        )
    with context.begin() as unit:
        unit.label_events.open(project.id)
        running = unit.sharded_scans.running(project.id)
        if running is not None:
            enqueue_due(unit, project.id)
            return {"waits_for": running.id}
        # Named by the job: one that is tried again after its scan was done does not scan again.
        scan_id = context.job.id
        if unit.issues.has_scan(scan_id):
            return {"scan": scan_id, "done": "before"}
        plan = ScanPlan(
            classes=schema.classes,
            source=chosen.source.value,
            method=policy.method.value,
            model_version=chosen.model_version or unit.items.newest_model_version(project.id),
            seq=unit.label_events.head(project.id),
            counted=project.changes_since_scan,
            skipped=skipped_labels(unit.items.label_statuses(project.id).counts, 0),
        )
        ranges = unit.sharded_scans.ranges(project.id, policy.shard_rows)
        unit.sharded_scans.begin(scan_id, project.id, plan, ranges)
        enqueue_due(unit, project.id)
    return {"scan": scan_id, "shards": len(ranges)}


def enqueue_due(unit: UnitOfWork, project_id: int) -> None:
    """Have done what the scan waits for."""
    for due in jobs_of_scan(unit, project_id):
        unit.enqueue(due)


def keep_part(unit: UnitOfWork, project_id: int, scan: ShardedScan, shard: int, content: bytes) -> None:
    """A part has been read; the last one has all taken together.

    The scan's row must be held: so exactly one part finds that none is left.
    """
    unit.blobs.put(project_id, blob_name(scan.id, shard), content)
    unit.sharded_scans.done(scan.id, shard)
    if not unit.sharded_scans.undone(scan.id):
        unit.enqueue(reduce_job(project_id, scan))


def give_up(unit: UnitOfWork, project_id: int, scan_id: str) -> None:
    """Remove all that is kept of a scan."""
    unit.sharded_scans.end(scan_id)
    for name in unit.blobs.names(project_id, f"{PREFIX}{scan_id}:"):
        unit.blobs.delete(project_id, name)


def begin_anew(unit: UnitOfWork, project_id: int, scan_id: str) -> None:
    """Give a scan up, if it is still running, and have another one begin."""
    running = unit.sharded_scans.running(project_id)
    if running is not None and running.id == scan_id:
        give_up(unit, project_id, scan_id)
        unit.enqueue(job(JobKind.SCAN, project_id))


def blob_name(scan_id: str, shard: int) -> str:
    """The name of what is kept of a part."""
    return f"{PREFIX}{scan_id}:{shard}"


def shard_job(project_id: int, scan: ShardedScan, shard: int) -> NewJob:
    """One part of a shared scan, in a lane of its own: workers do several at once and no part twice."""
    return NewJob(
        JobKind.SHARD,
        project_id,
        {"scan": scan.id, "shard": shard},
        key=f"shard:{scan.id}:{shard}",
        lane=f"{LANES[JobKind.SHARD]}:{scan.id}:{shard}",
    )


def reduce_job(project_id: int, scan: ShardedScan) -> NewJob:
    """What follows when all parts of a shared scan have been read."""
    return NewJob(
        JobKind.REDUCE,
        project_id,
        {"scan": scan.id},
        key=f"reduce:{scan.id}",
        lane=f"{LANES[JobKind.REDUCE]}:{project_id}",
    )


def jobs_of_scan(unit: UnitOfWork, project_id: int) -> list[NewJob]:
    """The jobs that a shared scan waits for now; none where no such scan is running."""
    scan = unit.sharded_scans.running(project_id)
    if scan is None:
        return []
    undone = unit.sharded_scans.undone(scan.id)
    return [shard_job(project_id, scan, shard) for shard in undone] or [reduce_job(project_id, scan)]
