"""Which job follows which: the keys that merge equal jobs, and the lanes that keep them in order."""

from __future__ import annotations

from connector.model import Json
from connector.model.jobs import JobKind, NewJob

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
    JobKind.MAP: "map",
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
    """What tells a job from others of its kind: a correction, a full sync, a scan that asks for controls."""
    controls = payload.get("controls")
    return str(
        payload.get("correction")
        or ("full" if payload.get("full") else "")
        or (f"controls-{controls}" if controls else "")
    )
