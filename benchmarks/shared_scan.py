"""The end of a scan that workers shared: all parts out of the database into one mapped file, and judged."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from label_issues import made_up
from lines import Line, figures
from memory import KIB_PER_MB, STATUS

from connector.config.file import load
from connector.model import ScanPlan
from connector.model.jobs import Claim, Job, JobKind, JobState
from connector.queue import SilentQueue
from connector.wiring import Services, build
from workers.context import Context
from workers.demo.service import PROJECT
from workers.detect.sharding import Part, blob_name, parts_together
from workers.issues import label_issues

PARTS, ROWS, QUICK_ROWS = 10, 1_000_000, 20_000  # of each part
CLASSES = 10
SCAN = "scan-of-the-benchmark"
LIMIT_MB = 3000


def measure(scene: Any) -> Iterator[Line]:
    """One line: time and memory of a process that does nothing else."""
    rows = QUICK_ROWS if scene.quick else ROWS
    config = scene.config(url="http://127.0.0.1:9")
    services = scene.services(config)
    _fill(services, rows)
    scene.say(f"   {PARTS} parts of {rows} rows stored")
    command = [sys.executable, __file__, str(config)]
    found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    yield {
        "bench": "shared_scan",
        "rows": PARTS * rows,
        "classes": CLASSES,
        "ours": figures(found["gathered"] + found["judged"]),
        "unit": "s",
        "gathered": figures(found["gathered"]),
        "judged": figures(found["judged"]),
        "peak_mb": figures(found["peak_mb"]) if found["peak_mb"] else None,
        "limit_mb": LIMIT_MB,
        "found": found["found"],
    }


def _fill(services: Services, rows: int) -> None:
    """What the parts of such a scan leave in the database, made up."""
    project = services.project(PROJECT)
    plan = ScanPlan(tuple(map(str, range(CLASSES))), "platform", "prune_by_noise_rate", "v1")
    starts = range(0, PARTS * rows, rows)
    with services.store.begin() as unit:
        unit.sharded_scans.begin(SCAN, project.id, plan, [(start, start + rows - 1) for start in starts])
    for shard, start in enumerate(starts):
        labels, probs = made_up(rows, CLASSES, seed=shard)
        part = Part(np.arange(start, start + rows), labels.astype(np.int64), probs, {}, "v1")
        with services.store.begin() as unit:
            unit.blobs.put(project.id, blob_name(SCAN, shard), part.to_bytes())


def _alone(config: str) -> dict[str, Any]:
    services = build(load(Path(config)), SilentQueue())
    context = Context(services, _claim(), services.project(PROJECT))
    with services.store.read() as unit:
        scan = unit.sharded_scans.running(context.project.id)
    if scan is None:
        raise RuntimeError("the scan is gone")
    started = time.perf_counter()
    with parts_together(context, scan) as parts:
        gathered = time.perf_counter()
        found = label_issues(parts.labels, parts.matrix, method=scan.plan.method)
        judged = time.perf_counter()
    services.close()
    return {
        "gathered": gathered - started,
        "judged": judged - gathered,
        "peak_mb": _peak_mb(),
        "found": int(found.mask.sum()),
    }


def _claim() -> Claim:
    now = datetime.now(UTC)
    return Claim(Job("reduce", JobKind.REDUCE, 1, {}, None, None, JobState.RUNNING, 1, now, now), "benchmark")


def _peak_mb() -> float | None:
    """The mapped pages of the file included."""
    if not STATUS.exists():
        return None
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / KIB_PER_MB


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_alone(sys.argv[1])))
