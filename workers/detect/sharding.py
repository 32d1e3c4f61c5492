"""A scan in shards: what each part keeps between the passes, and which job comes next.

A part reads its items and their probabilities once, in the first pass, and keeps them: the passes after it
see the same numbers whatever is labelled or predicted meanwhile, on whichever host they run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connector.config.project import Backend
from connector.errors import Misconfigured
from connector.model import LabelSchema, Project, ShardedScan
from connector.model.jobs import JobKind, NewJob
from connector.model.lanes import LANES, job
from connector.store.unit_of_work import UnitOfWork
from workers.context import Context, Summary
from workers.detect.record import skipped_labels
from workers.issues.arrays import Classes, Probabilities, Rows
from workers.issues.incremental import saving

EMPTY = 99  # the pass that a part without rows has gone through from the beginning


@dataclass(frozen=True, slots=True)
class Part:
    """What a part says of itself: the items that it judges, and what it had to leave out."""

    item_ids: NDArray[np.int64]
    skipped: dict[str, int]
    model_version: str
    warnings: list[str]

    def to_bytes(self) -> bytes:
        told = {"skipped": self.skipped, "version": self.model_version, "warnings": self.warnings}
        return _packed(told, {"items": self.item_ids})

    @classmethod
    def from_bytes(cls, content: bytes) -> Part:
        told, arrays = saving.read(BytesIO(content))
        return cls(arrays["items"], told["skipped"], told["version"], told["warnings"])


@dataclass(frozen=True, slots=True)
class PartContent:
    """Given classes (n,) and probabilities (n, K) of a part's rows."""

    labels: Classes
    matrix: Probabilities

    def to_bytes(self) -> bytes:
        return _packed({}, {"labels": self.labels, "matrix": self.matrix})

    @classmethod
    def from_bytes(cls, content: bytes) -> PartContent:
        _, arrays = saving.read(BytesIO(content))
        return cls(arrays["labels"], arrays["matrix"])


def _packed(told: dict[str, Any], arrays: saving.Arrays) -> bytes:
    file = BytesIO()
    saving.write(file, told, arrays)
    return file.getvalue()


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
        version = chosen.model_version or unit.items.newest_model_version(project.id)
        plan = {
            "classes": list(schema.classes),
            "source": chosen.source.value,
            "method": policy.method.value,
            "version": version,
            "seq": unit.label_events.head(project.id),
            "counted": project.changes_since_scan,
            "skipped": skipped_labels(unit.items.label_statuses(project.id), 0),
        }
        ranges = unit.sharded_scans.ranges(project.id, policy.shard_rows)
        unit.sharded_scans.begin(scan_id, project.id, plan, ranges)
        enqueue_due(unit, project.id)
    return {"scan": scan_id, "shards": len(ranges)}


def advance(unit: UnitOfWork, project_id: int, scan: ShardedScan, number: int) -> None:
    """Have all parts go through the next pass."""
    unit.sharded_scans.advance(scan.id, number)
    enqueue_due(unit, project_id)


def enqueue_due(unit: UnitOfWork, project_id: int) -> None:
    """Have done what the scan waits for."""
    for due in jobs_of_scan(unit, project_id):
        unit.enqueue(due)


def finish_part(unit: UnitOfWork, project_id: int, scan: ShardedScan, shard: int, number: int) -> None:
    """A part has gone through the pass; the last one has all taken together.

    The scan's row must be held: so exactly one part finds that none is left.
    """
    unit.sharded_scans.done(scan.id, shard, number)
    if not unit.sharded_scans.undone(scan.id, scan.number):
        unit.enqueue(reduce_job(project_id, scan))


def give_up(unit: UnitOfWork, project_id: int, scan_id: str) -> None:
    """Remove all that is kept of a scan."""
    unit.sharded_scans.end(scan_id)
    for name in unit.blobs.names(project_id, f"scan:{scan_id}:"):
        unit.blobs.delete(project_id, name)


def begin_anew(unit: UnitOfWork, project_id: int, scan_id: str) -> None:
    """Give a scan up, if it is still running, and have another one begin."""
    running = unit.sharded_scans.running(project_id)
    if running is not None and running.id == scan_id:
        give_up(unit, project_id, scan_id)
        unit.enqueue(job(JobKind.SCAN, project_id))


def blob_name(scan_id: str, what: str, shard: int | None = None) -> str:
    """The name of what is kept of a scan or of one of its parts."""
    return f"scan:{scan_id}:{what}" if shard is None else f"scan:{scan_id}:{what}:{shard}"


def load(context: Context, scan_id: str, what: str, shard: int | None = None) -> bytes:
    """What is kept under that name. UnusableState where it is damaged or gone."""
    with context.read() as unit:
        content = unit.blobs.get(context.project.id, blob_name(scan_id, what, shard))
    if content is None:
        raise saving.UnusableState(f"the {what} of scan {scan_id} is gone or damaged")
    return content


class FrozenRows:
    """The rows of all parts that have any: ids at hand, probabilities read part by part."""

    def __init__(self, context: Context, scan_id: str, shards: Sequence[int], parts: Sequence[Part]) -> None:
        self._context = context
        self._scan_id = scan_id
        self._shards = shards
        self._starts = np.cumsum([0, *(len(part.item_ids) for part in parts)])
        self.item_ids = np.concatenate([part.item_ids for part in parts])

    def row_of(self, item_id: int) -> int | None:
        place = int(np.searchsorted(self.item_ids, item_id))
        found = place < len(self.item_ids) and self.item_ids[place] == item_id
        return place if found else None

    def probs_of(self, rows: Rows) -> Probabilities:
        """(M, K) probabilities of ascending rows."""
        return np.concatenate(list(self._pieces(rows)))

    def _pieces(self, rows: Rows) -> Iterator[Probabilities]:
        owner = np.searchsorted(self._starts, rows, side="right") - 1
        for number in np.unique(owner).tolist():
            content = PartContent.from_bytes(load(self._context, self._scan_id, "rows", self._shards[number]))
            yield content.matrix[rows[owner == number] - self._starts[number]]


def shard_job(project_id: int, scan: ShardedScan, shard: int) -> NewJob:
    """One part of a shared scan, in a lane of its own: workers do several at once and no part twice."""
    return NewJob(
        JobKind.SHARD,
        project_id,
        {"scan": scan.id, "shard": shard, "pass": scan.number},
        key=f"shard:{scan.id}:{shard}:{scan.number}",
        lane=f"{LANES[JobKind.SHARD]}:{scan.id}:{shard}",
    )


def reduce_job(project_id: int, scan: ShardedScan) -> NewJob:
    """What follows a pass of a shared scan."""
    return NewJob(
        JobKind.REDUCE,
        project_id,
        {"scan": scan.id, "pass": scan.number},
        key=f"reduce:{scan.id}:{scan.number}",
        lane=f"{LANES[JobKind.REDUCE]}:{project_id}",
    )


def jobs_of_scan(unit: UnitOfWork, project_id: int) -> list[NewJob]:
    """The jobs that a shared scan waits for now; none where no such scan is running."""
    scan = unit.sharded_scans.running(project_id)
    if scan is None:
        return []
    undone = unit.sharded_scans.undone(scan.id, scan.number)
    return [shard_job(project_id, scan, shard) for shard in undone] or [reduce_job(project_id, scan)]
