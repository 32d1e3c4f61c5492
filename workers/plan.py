"""Which job follows which: the keys that merge equal jobs, and the lanes that keep them in order."""

from __future__ import annotations

from connector.jobs import JobKind, NewJob
from connector.model import Json, ShardedScan
from connector.store.unit_of_work import UnitOfWork

# Kinds of one project that must not run side by side share a lane.
LANES = {
    JobKind.INGEST: "ingest",
    JobKind.SYNC: "source",
    JobKind.RECONCILE: "source",
    JobKind.SCAN: "scan",
    JobKind.JUDGE: "scan",
    JobKind.SHARD: "shard",  # each part has a lane of its own
    JobKind.REDUCE: "scan",
    JobKind.PUSH: "review",
    JobKind.COLLECT: "review",
    JobKind.DECIDE: "decide",
    JobKind.WRITEBACK: "write",
    JobKind.REVERT: "write",
    JobKind.GUIDELINES: "write",  # what a revert takes back must not be published beside it
    JobKind.REVIEWERS: "reviewers",
    JobKind.AUDIT: "audit",
    JobKind.HOOKS: "hooks",
}


def job(kind: JobKind, project_id: int, payload: Json | None = None) -> NewJob:
    """A job of a project; equal ones (same kind, project and subject) wait only once."""
    subject = _subject(payload or {})
    return NewJob(
        kind,
        project_id,
        payload or {},
        key=f"{kind.value}:{project_id}:{subject}" if subject else f"{kind.value}:{project_id}",
        lane=f"{LANES[kind]}:{project_id}",
    )


def _subject(payload: Json) -> str:
    """What tells a job from others of its kind: two corrections, or a full sync from a small one."""
    return str(payload.get("correction") or ("full" if payload.get("full") else ""))


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


def lost_classes_fact(project_id: int) -> str:
    """The fact in which a sync leaves to the scan which classes are gone while labels carry them."""
    return f"lost_classes:{project_id}"


def guidelines_fact(project_id: int) -> str:
    """The fact that tells when confused pairs of labels were last looked for."""
    return f"guidelines_looked:{project_id}"


def audit_fact(project_id: int) -> str:
    """The fact that tells when the reasons for a report were last looked at."""
    return f"audit_looked:{project_id}"


def measured_fact(project_id: int) -> str:
    """The fact that says when everyone who reviews or labels was measured last."""
    return f"measured:{project_id}"


def usual_votes_fact(project_id: int) -> str:
    """The fact that tells how many answers the review project was last told to collect for each task."""
    return f"usual_votes:{project_id}"
