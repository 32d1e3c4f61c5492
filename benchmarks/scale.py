"""One project of many items: time and memory of each step of the loop, and how they grow with the items."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

from lines import Line, figures
from memory import KIB_PER_MB, RESET_PEAK, STATUS
from prepared import CLASSES, PreparedSource, vacuumed

from connector.config.file import load
from connector.model.jobs import JobKind
from connector.platforms.memory import MemoryDesk, MemoryServer
from connector.queue import SilentQueue
from connector.store.views import loop
from connector.wiring import Services, build
from workers.demo.service import PROJECT
from workers.label_types.registry import codecs, codecs_of
from workers.service.runner import run, run_inline
from workers.service.sweep import sweep
from workers.sync.items import absorb_items

ROOT = Path(__file__).parents[1]
SIZES, QUICK_SIZES = (100_000, 1_000_000), (2_000, 8_000)
DATABASES = ("sqlite", "postgresql")
PARTS = 4  # of the scan that two workers share
WORKERS = 2
REPEATS = 9  # of what takes less than seconds; the median counts
NO_SERVER = "http://127.0.0.1:9"
STEPS = ("sync", "scan", "first_judge", "judge", "push", "collect", "decide", "tick", "status")
POLL_S = 0.05

Figures = dict[str, dict[str, float | None]]  # step → seconds, of the processor too, and the most megabytes


def measure(scene: Any) -> Iterator[Line]:
    """A line for each step, database and size."""
    yield from measured(scene, "scale", STEPS)


def measured(scene: Any, bench: str, steps: Sequence[str]) -> Iterator[Line]:
    """Each size on each database, in processes that do nothing else."""
    smaller: dict[str, Figures] = {}
    for n_items in QUICK_SIZES if scene.quick else SIZES:
        for database in DATABASES:
            with address(database) as url:
                config = _config(scene, url, n_items)
                scene.say(f"   {database}, {n_items} items")
                found = _in_child(config, n_items, steps)
            for step in steps:
                before = smaller.get(database, {}).get(step)
                yield _line(f"{bench}/{database}/{step}", n_items, found[step], before)
            smaller[database] = found


def _line(
    bench: str, n_items: int, found: dict[str, float | None], smaller: dict[str, float | None] | None
) -> Line:
    """`times_of_smaller` is how often the time of the smaller size the step took."""
    line: Line = {"bench": bench, "rows": n_items, "classes": len(CLASSES), "unit": "s"}
    line["ours"] = figures(found["seconds"] or 0)
    line["processor"] = figures(found["processor"] or 0)
    line["peak_mb"] = None if found["peak_mb"] is None else figures(found["peak_mb"])
    if smaller is not None:
        line["times_of_smaller"] = figures((found["seconds"] or 0) / (smaller["seconds"] or 1))
    return line


def address(database: str) -> Any:
    """Where the project lives: a file of the service, or a fresh database of a server of our own."""
    return nullcontext(None) if database == "sqlite" else _postgresql()


@contextmanager
def _postgresql() -> Iterator[str]:
    sys.path.insert(0, str(ROOT))
    from tests.support.postgres import PostgresServer

    with PostgresServer() as server, server.fresh_database() as url:
        yield url


def _config(scene: Any, url: str | None, n_items: int) -> Path:
    shared = {"shard_rows": n_items // PARTS} if url else {}
    policy = {"class_cap": 0.2, "scan_after_changes": 10 * n_items, **shared}
    config: Path = scene.config(url=NO_SERVER, policy=policy, sync={"webhooks": False})
    if url:
        config.write_text(config.read_text() + f'\n[database]\nurl = "{url}"\n')
    return config


def _in_child(config: Path, n_items: int, steps: Sequence[str]) -> Figures:
    command = [sys.executable, __file__, str(config), str(n_items), *steps]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    found: Figures = json.loads(done.stdout.splitlines()[-1])
    return found


class Run:
    """One project in this process, step by step."""

    def __init__(self, config: Path, n_items: int) -> None:
        self.config, self.n_items = config, n_items
        self.services = services_of(config)
        self.server = MemoryServer()
        self.source = PreparedSource(self.server, n_items)
        desk = MemoryDesk(self.server, codecs=codecs_of("memory"))
        self.services._sources[PROJECT] = self.source  # noqa: SLF001 - in place of a platform
        self.services._desks[PROJECT] = desk  # noqa: SLF001 - in place of a platform
        self.changed = 0

    def sync(self) -> None:
        self._job(JobKind.SYNC)

    def scan(self) -> None:
        self._job(JobKind.SCAN)  # of parts, their plan
        if not _scan_runs(self.services):
            return
        workers = [subprocess.Popen([sys.executable, __file__, str(self.config)]) for _ in range(WORKERS)]
        for worker in workers:
            if worker.wait():
                raise RuntimeError("a worker broke down")

    def judge(self) -> None:
        summary = self._job(JobKind.JUDGE)
        if summary.get("changed") is None:
            raise RuntimeError(f"no change was judged: {summary}")

    first_judge = judge  # the first one after a scan reads the whole queue

    def push(self) -> None:
        self._job(JobKind.PUSH)

    def collect(self) -> None:
        self._job(JobKind.COLLECT)

    def decide(self) -> None:
        self._job(JobKind.DECIDE)

    def tick(self) -> None:
        sweep(self.services)

    def status(self) -> None:
        with self.services.store.read() as unit:
            loop.project_views(unit, PROJECT)

    def before(self, step: str) -> None:
        """What happens on the platform before the step, and is not measured."""
        if step == "first_judge":
            vacuumed(self.services)
        if step in ("first_judge", "judge"):
            self._relabel()
        elif step == "collect":
            self._answer()

    def _relabel(self) -> None:
        self.changed += 1
        item = self.source.relabelled(self.changed * 37, CLASSES[(self.changed * 37 + 5) % len(CLASSES)])
        with self.services.store.begin() as unit:
            absorb_items(unit, self.services.project(PROJECT), [item], ours=())

    def _answer(self) -> None:
        for board in self.server.boards.values():
            for task_id, held in list(board.held.items()):
                for reviewer in ("rita", "ravi"):
                    self.server.answer(task_id, reviewer, held.item.data.get("given", CLASSES[0]))

    def _job(self, kind: JobKind) -> Any:
        return run_inline(self.services, PROJECT, kind).summary


def services_of(config: Path) -> Services:
    return build(load(config), SilentQueue(), codecs=codecs())


def step_of(run_: Run, step: str) -> dict[str, float | None]:
    """Seconds by the clock and of this process, the median of several for what is short, and its memory."""
    times: list[tuple[float, float]] = []
    while len(times) < REPEATS and (not times or (times[0][0] < 1 and step in REPEATED)):
        run_.before(step)
        if RESET_PEAK.exists():
            RESET_PEAK.write_text("5")
        started, used = time.perf_counter(), time.process_time()
        getattr(run_, step)()
        times.append((time.perf_counter() - started, time.process_time() - used))
    seconds, processor = (median(column) for column in zip(*times, strict=True))
    return {"seconds": seconds, "processor": processor, "peak_mb": peak_mb()}


REPEATED = ("judge", "tick", "status")


def peak_mb() -> float | None:
    if not STATUS.exists():
        return None
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / KIB_PER_MB


def work(config: Path) -> None:
    """A worker beside others: it runs what is due until the shared scan is over."""
    services = services_of(config)
    while _scan_runs(services):
        with services.store.begin() as unit:
            due = unit.jobs.due(timedelta(seconds=1), limit=1)
        if not due or not run(services, due[0]):
            time.sleep(POLL_S)
    sys.stderr.write(f"      a worker held {peak_mb() or 0:.0f} MB at most\n")


def _scan_runs(services: Services) -> bool:
    with services.store.read() as unit:
        return unit.sharded_scans.running(services.project(PROJECT).id) is not None


def main(config: str, *more: str) -> None:
    if not more:
        work(Path(config))
        return
    run_ = Run(Path(config), int(more[0]))
    found: Figures = {}
    for step in more[1:]:
        found[step] = step_of(run_, step)
        seconds, processor, peak = (found[step][name] or 0 for name in ("seconds", "processor", "peak_mb"))
        sys.stderr.write(f"      {step}: {seconds:.3f} s (processor {processor:.3f}), {peak:.0f} MB\n")
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
