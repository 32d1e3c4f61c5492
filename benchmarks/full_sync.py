"""Full sync, stored into SQLite, against a bare loop that fetches the same pages and drops them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from statistics import median

import httpx
from lines import Line, figures, interleaved, rates
from scene import Scene, tasks

from connector.model.jobs import JobKind
from connector.platforms.label_studio.client import ITEM_FIELDS, PAGE_SIZE
from workers.demo.service import PROJECT
from workers.service.runner import run_inline

TASKS, QUICK_TASKS = 10_000, 600
ROUNDS, QUICK_ROUNDS = 3, 2


def measure(scene: Scene) -> Iterator[Line]:
    """Both empty their hands first: a new database for us, a new connection for either."""
    n = QUICK_TASKS if scene.quick else TASKS
    project, _ = scene.filled_project("Full sync", tasks(scene.annotators, n))
    cpu: dict[str, list[float]] = {"ours": [], "peer": []}

    def ours() -> float:
        services = scene.services(scene.config(project))
        started, worked = time.perf_counter(), time.process_time()
        result = run_inline(services, PROJECT, JobKind.SYNC)
        seconds = time.perf_counter() - started
        cpu["ours"].append(time.process_time() - worked)
        _must_be(int(result.summary["new"]), n)
        scene.say(f"   ours {n / seconds:.0f}/s")
        return n / seconds

    def peer() -> float:
        with scene.server.client() as client:
            started, worked = time.perf_counter(), time.process_time()
            seen = bare_loop(client, project)
            seconds = time.perf_counter() - started
        cpu["peer"].append(time.process_time() - worked)
        _must_be(seen, n)
        scene.say(f"   bare {n / seconds:.0f}/s")
        return n / seconds

    for warm_up in (peer, ours):  # a first pass fills the server's caches and imports libraries
        warm_up()
    for seconds in cpu.values():
        seconds.clear()
    found = interleaved(QUICK_ROUNDS if scene.quick else ROUNDS, ours, peer)
    yield rates(
        "full_sync",
        *found,
        "tasks/s",
        tasks=n,
        page_size=PAGE_SIZE,
        ours_cpu_s=figures(median(cpu["ours"])),
        peer_cpu_s=figures(median(cpu["peer"])),
    )


def bare_loop(client: httpx.Client, project: int) -> int:
    """Fetch and decode all tasks by id, in the same pages; how many there were."""
    seen = last = 0
    while True:
        rows = _page(client, project, last)
        seen += len(rows)
        if len(rows) < PAGE_SIZE:
            return seen
        last = rows[-1]["id"]


def _page(client: httpx.Client, project: int, last: int) -> list[dict[str, int]]:
    above = {"filter": "filter:tasks:id", "operator": "greater", "type": "Number", "value": last}
    query = {"ordering": ["tasks:id"], "filters": {"conjunction": "and", "items": [above]}}
    params: dict[str, str | int] = {
        "project": project,
        "page": 1,
        "page_size": PAGE_SIZE,
        "fields": "all",
        "include": ITEM_FIELDS,
        "query": json.dumps(query),
    }
    rows: list[dict[str, int]] = client.get("/api/tasks", params=params).raise_for_status().json()["tasks"]
    return rows


def _must_be(seen: int, expected: int) -> None:
    if seen != expected:
        msg = f"{seen} tasks were read, {expected} are there"
        raise RuntimeError(msg)
