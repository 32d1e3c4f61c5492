"""Full sync of an Argilla dataset, stored into SQLite, against a bare loop over the list endpoint."""

from __future__ import annotations

import time
from collections.abc import Iterator

from argilla_scene import argilla_config, argilla_for, filled_dataset
from lines import Line, interleaved, rates
from scene import Scene

from connector.model.jobs import JobKind
from connector.platforms.argilla.client import PAGE_SIZE
from workers.demo.argilla_server import RunningArgilla
from workers.demo.service import PROJECT
from workers.service.runner import run_inline

RECORDS, QUICK_RECORDS = 10_000, 600
ROUNDS, QUICK_ROUNDS = 3, 2


def measure(scene: Scene) -> Iterator[Line]:
    """Records with two responses and a suggestion each; a new database for each of our rounds."""
    n = QUICK_RECORDS if scene.quick else RECORDS
    with argilla_for(scene) as argilla:
        started = time.monotonic()
        dataset, _ = filled_dataset(argilla, n)
        scene.say(f"   {n} records loaded in {time.monotonic() - started:.0f} s")

        def ours() -> float:
            services = scene.services(argilla_config(scene, argilla, dataset))
            began = time.perf_counter()
            result = run_inline(services, PROJECT, JobKind.SYNC)
            rate = n / (time.perf_counter() - began)
            _must_be(int(result.summary["new"]), n)
            scene.say(f"   ours {rate:.0f}/s")
            return rate

        def peer() -> float:
            began = time.perf_counter()
            seen = bare_loop(argilla, dataset)
            rate = n / (time.perf_counter() - began)
            _must_be(seen, n)
            scene.say(f"   bare {rate:.0f}/s")
            return rate

        for warm_up in (peer, ours):
            warm_up()
        found = interleaved(QUICK_ROUNDS if scene.quick else ROUNDS, ours, peer)
    yield rates("argilla_sync", *found, "records/s", records=n, page_size=PAGE_SIZE)


def bare_loop(argilla: RunningArgilla, dataset: str) -> int:
    """Fetch and decode all records in the same pages; how many there were."""
    seen = 0
    while True:
        params = {"offset": seen, "limit": PAGE_SIZE, "include": ["responses", "suggestions"]}
        rows = argilla.call("GET", f"/datasets/{dataset}/records", params=params)["items"]
        seen += len(rows)
        if len(rows) < PAGE_SIZE:
            return seen


def _must_be(seen: int, expected: int) -> None:
    if seen != expected:
        msg = f"{seen} records were read, {expected} are there"
        raise RuntimeError(msg)
