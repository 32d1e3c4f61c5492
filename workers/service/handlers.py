"""Which module does which job kind: one table.

A handler gets a context and enqueues what follows; none calls another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module

from connector.model.jobs import JobKind
from workers.context import Context, Summary

Handler = Callable[[Context], Summary]

ROOMS: Mapping[JobKind, str] = {
    JobKind.INGEST: "sync",
    JobKind.SYNC: "sync",
    JobKind.RECONCILE: "sync",
    JobKind.HOOKS: "sync",
    JobKind.SCAN: "detect",
    JobKind.SHARD: "detect",
    JobKind.REDUCE: "detect",
    JobKind.JUDGE: "detect",
    JobKind.MAP: "detect",
    JobKind.PUSH: "review",
    JobKind.COLLECT: "review",
    JobKind.DECIDE: "decide",
    JobKind.WRITEBACK: "write_back",
    JobKind.REVERT: "write_back",
    JobKind.GUIDELINES: "write_back",
    JobKind.AUDIT: "report",
    JobKind.REVIEWERS: "people",
}


def handler_for(kind: JobKind) -> Handler:
    """The handler of a job kind; its module is loaded on first use, so a light job stays light."""
    handle: Handler = import_module(f"workers.{ROOMS[kind]}.{kind.value}").handle
    return handle
