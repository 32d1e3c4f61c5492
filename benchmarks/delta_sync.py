"""A delta after ten changes in a large project, against the same in one a tenth its size."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import median

from lines import Line, figures, times
from scene import CLASSES, Scene, choice, tasks

from connector.model.jobs import JobKind
from connector.platforms.label_studio.changes import DATE_STEP_S, LATE_COMMITS_S
from connector.wiring import Services
from workers.demo.service import PROJECT
from workers.service.runner import run_inline

SMALL, LARGE = 1_000, 10_000
QUICK_SMALL, QUICK_LARGE = 100, 1_000
CHANGES = 10
ROUNDS, QUICK_ROUNDS = 5, 2
SETTLE_S = LATE_COMMITS_S + DATE_STEP_S + 1  # until then a delta reads the newest rows again


@dataclass
class Synced:
    """A project of so many tasks, synced once."""

    size: int
    services: Services
    annotations: list[int]
    full_s: float


def measure(scene: Scene) -> Iterator[Line]:
    """Both sizes in turn; before each round, what was read again on purpose has settled."""
    small, large = (QUICK_SMALL, QUICK_LARGE) if scene.quick else (SMALL, LARGE)
    places = [_synced(scene, small), _synced(scene, large)]
    seconds: dict[int, list[float]] = {small: [], large: []}
    seen: dict[int, list[float]] = {small: [], large: []}
    rng = random.Random(5)
    for _ in range(QUICK_ROUNDS if scene.quick else ROUNDS):
        time.sleep(SETTLE_S)
        for place in places:
            run_inline(place.services, PROJECT, JobKind.SYNC)
            _change(scene, place, rng)
            took, summary = _delta(place)
            seconds[place.size].append(took)
            seen[place.size].append(float(summary["seen"]))
            scene.say(f"   {place.size} tasks: {took * 1000:.0f} ms, {summary['seen']} read")
        places.reverse()
    full = {place.size: figures(place.full_s) for place in places}
    yield times(
        "delta_sync",
        seconds[large],
        seconds[small],
        "s",
        ours_tasks=large,
        peer_tasks=small,
        changes=CHANGES,
        ours_read=median(seen[large]),
        peer_read=median(seen[small]),
        full_sync_s=[full[small], full[large]],
    )


def _synced(scene: Scene, size: int) -> Synced:
    project, ids = scene.filled_project(f"Delta {size}", tasks(scene.annotators, size))
    services = scene.services(scene.config(project))
    result = run_inline(services, PROJECT, JobKind.SYNC)
    scene.say(f"   {size} tasks synced in {result.seconds:.0f} s")
    some = random.Random(3).sample(ids, CHANGES)
    rows = [scene.call("GET", f"/api/tasks/{task_id}") for task_id in some]
    return Synced(size, services, [row["annotations"][0]["id"] for row in rows], result.seconds)


def _change(scene: Scene, place: Synced, rng: random.Random) -> None:
    for annotation in place.annotations:
        body = {"result": [choice(rng.choice(CLASSES))]}
        scene.call("PATCH", f"/api/annotations/{annotation}/", json=body)


def _delta(place: Synced) -> tuple[float, Mapping[str, int]]:
    started = time.perf_counter()
    result = run_inline(place.services, PROJECT, JobKind.SYNC)
    seconds = time.perf_counter() - started
    if result.summary["seen"] < CHANGES:
        msg = f"the delta read {result.summary['seen']} tasks of {CHANGES} that changed"
        raise RuntimeError(msg)
    return seconds, result.summary
