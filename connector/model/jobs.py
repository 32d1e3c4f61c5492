"""Jobs: rows that say what to do. Messages carry the row's id and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from connector.model import Json

RUN_JOB = "secondlook.run_job"  # wire name of the task that runs one job row
TICK = "secondlook.tick"  # wire name of the periodic task


class JobKind(StrEnum):
    """The use cases; each value is stored and so never renamed without a migration."""

    INGEST = "ingest"  # deliveries of webhooks → fetch what they hint at
    SYNC = "sync"
    RECONCILE = "reconcile"
    SCAN = "scan"
    SHARD = "shard"  # one part of a scan that several workers share
    REDUCE = "reduce"  # what the shards of a scan have found, taken together
    JUDGE = "judge"  # changed labels, without a scan
    PUSH = "push"
    COLLECT = "collect"
    DECIDE = "decide"
    WRITEBACK = "writeback"
    REVERT = "revert"
    GUIDELINES = "guidelines"
    AUDIT = "audit"  # a scan and a dated report, where one is due
    REVIEWERS = "reviewers"  # everyone who reviews or labels is measured
    MAP = "map"  # of similar items, drawn anew
    HOOKS = "hooks"  # webhooks registered, checked, registered again


LONG = (JobKind.SCAN, JobKind.SHARD, JobKind.REDUCE, JobKind.AUDIT, JobKind.MAP)  # minutes, of large projects


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"  # gave up: shown to operations, can be replayed


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to be. At most one queued job exists per `key`; jobs of one `lane` never run together."""

    kind: JobKind
    project_id: int
    payload: Json = field(default_factory=dict)
    key: str | None = None
    lane: str | None = None
    due_at: datetime | None = None
    traceparent: str | None = None  # of what led to it; None: what is traced when it is stored


@dataclass(frozen=True, slots=True)
class Job:
    id: str
    kind: JobKind
    project_id: int
    payload: Json
    key: str | None
    lane: str | None
    state: JobState
    attempts: int  # how often it was claimed
    due_at: datetime
    created_at: datetime
    error: str | None = None
    traceparent: str | None = None
    claim: str | None = None  # the run that has it now, which every commit checks, or that has done it


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to run one job until the lease ends: a fence for all its transactions."""

    job: Job
    token: str
