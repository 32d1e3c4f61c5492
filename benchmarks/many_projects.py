"""Many projects on two workers: how long the webhooks of some wait while all are scanned."""

from __future__ import annotations

import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import tomli_w
from lines import Line, figures, percentile
from prepared import PreparedSource
from scale import DATABASES, NO_SERVER, POLL_S, WORKERS, address, services_of
from scene import Scene

from connector import logs
from connector.config.settings import LogFormat, LogLevel, LogSettings
from connector.model import Hint, Role
from connector.model.jobs import JobKind
from connector.model.lanes import job
from connector.platforms.memory import MemoryDesk, MemoryServer
from connector.web.intake import ingest_job
from connector.wiring import Services
from workers.demo.service import PROJECT
from workers.label_types.registry import codecs_of
from workers.service.runner import run, run_inline

PROJECTS, QUICK_PROJECTS = 200, 6
ITEMS, QUICK_ITEMS = 5_000, 200
DELIVERIES, QUICK_DELIVERIES = 100, 10
LOOK_S = 0.01


def measure(scene: Scene) -> Iterator[Line]:
    """A line for each database. One delivery at a time, to one project after the other."""
    n_projects = QUICK_PROJECTS if scene.quick else PROJECTS
    n_items = QUICK_ITEMS if scene.quick else ITEMS
    for database in DATABASES:
        with address(database) as url:
            config = _config(scene, url, n_projects)
            services = _prepared(config, n_items)
            began = time.perf_counter()
            for name in services.settings.projects:
                run_inline(services, name, JobKind.SYNC)
            scene.say(f"   {database}: {n_projects} first syncs took {time.perf_counter() - began:.0f} s")
            started = time.perf_counter()
            run_inline(services, f"{PROJECT}-0", JobKind.SCAN)
            alone = time.perf_counter() - started
            with _workers(config, n_items):
                waits = _waits(services, QUICK_DELIVERIES if scene.quick else DELIVERIES)
                scans = _scans_that_run(services)
            yield {
                "bench": f"many_projects/{database}",
                "ours": figures(percentile(waits, 0.5)),
                "p99": figures(percentile(waits, 0.99)),
                "longest": figures(max(waits)),
                "unit": "s",
                "projects": n_projects,
                "items_each": n_items,
                "deliveries": len(waits),
                "scans_at_the_end": scans,
                "scan_alone": figures(alone),
            }


def _config(scene: Scene, url: str | None, n_projects: int) -> Path:
    config = scene.config(url=NO_SERVER, sync={"webhooks": False})
    tree = tomllib.loads(config.read_text())
    chosen = tree["projects"].pop(PROJECT)
    tree["projects"] = {f"{PROJECT}-{n}": chosen | {"project": n + 1} for n in range(n_projects)}
    tree |= {"database": {"url": url}} if url else {}
    config.write_bytes(tomli_w.dumps(tree).encode())
    return config


def _prepared(config: Path, n_items: int) -> Services:
    services = services_of(config)
    for name in services.settings.projects:
        server = MemoryServer()
        services._sources[name] = PreparedSource(server, n_items)  # noqa: SLF001 - in place of a platform
        desk = MemoryDesk(server, codecs=codecs_of("memory"))
        services._desks[name] = desk  # noqa: SLF001 - in place of a platform
    return services


def _waits(services: Services, n_deliveries: int) -> Sequence[float]:
    """Seconds from the commit of a delivery to that of its handling, while the scans are under way."""
    ids = [services.project(name).id for name in services.settings.projects]
    with services.store.begin() as unit:
        for project_id in ids:
            unit.enqueue(job(JobKind.SCAN, project_id))
    while not _scans_that_run(services):
        time.sleep(LOOK_S)  # the workers start
    waits = []
    for n in range(n_deliveries):
        project_id = ids[n * 7 % len(ids)]
        hint = Hint("ANNOTATION_UPDATED", item_ids=(str(n),))
        with services.store.begin() as unit:
            unit.deliveries.add(project_id, Role.SOURCE, [([hint], None)])
            unit.enqueue(ingest_job(project_id))
        started = time.perf_counter()
        while _waits_still(services, project_id):
            time.sleep(LOOK_S)
        waits.append(time.perf_counter() - started)
    return waits


def _waits_still(services: Services, project_id: int) -> bool:
    with services.store.read() as unit:
        return unit.deliveries.has_waiting(project_id)


def _scans_that_run(services: Services) -> int:
    """More than none: the last delivery still came among scans."""
    with services.store.read() as unit:
        keys = [job(JobKind.SCAN, services.project(name).id).key for name in services.settings.projects]
        return sum(bool(unit.jobs.runs(key)) for key in keys)


@contextmanager
def _workers(config: Path, n_items: int) -> Iterator[None]:
    command = [sys.executable, __file__, str(config), str(n_items)]
    running = [subprocess.Popen(command) for _ in range(WORKERS)]
    try:
        yield
    finally:
        for worker in running:
            worker.terminate()
            worker.wait()


def work(config: Path, n_items: int) -> None:
    """A worker: it runs what is due, the oldest first, until it is stopped."""
    logs.configure(LogSettings(format=LogFormat.CONSOLE, level=LogLevel.ERROR))
    services = _prepared(config, n_items)
    while True:
        with services.store.begin() as unit:
            due = unit.jobs.due(timedelta(seconds=1), limit=1)
        if not due or not run(services, due[0]):
            time.sleep(POLL_S)


if __name__ == "__main__":
    work(Path(sys.argv[1]), int(sys.argv[2]))
