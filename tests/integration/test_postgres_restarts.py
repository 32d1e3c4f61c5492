"""PostgreSQL is restarted in the middle of every kind of job: in the end all is as after a calm run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connector.model import AuditTrigger
from connector.model.jobs import JobKind
from connector.model.reasons import coded
from connector.model.similarity_map import ABOUT, ITEMS, POINTS
from tests.support.postgres import PostgresServer
from tests.support.world import Points, World
from tests.unit.loop.test_crashes import CHAPTERS, Picture, at_the_start, differences, picture, tell

SETTINGS: dict[str, Any] = {"policy": {"shard_rows": 5}, "map": {"fields": ["x", "y"]}}
MIDDLES = ("commit", "answer")  # in a transaction that ends; between a call of the platform and our record


class RestartingPoints(Points):
    """Restarts the cluster once in each middle of the first job of each kind that gets there."""

    def __init__(self, cluster: PostgresServer) -> None:
        super().__init__()
        self.restarted: set[tuple[str, str]] = set()
        self._cluster = cluster
        self._kind: str | None = None  # of the job that runs

    def reach(self, name: str) -> None:
        super().reach(name)
        if name.startswith("claimed "):
            self._kind = name.removeprefix("claimed ")
        middle = next((each for each in MIDDLES if name == each or name.startswith(f"{each} ")), None)
        if self._kind is None or middle is None or (self._kind, middle) in self.restarted:
            return
        self.restarted.add((self._kind, middle))
        self._cluster.restart()


@pytest.fixture
def cluster() -> Iterator[PostgresServer]:
    """A cluster of one's own, to be restarted."""
    with PostgresServer() as server:
        yield server


def looked_back(world: World) -> None:
    """A person wants a report, for which labels are scanned; people are measured, the map is drawn."""
    if not reports(world):
        with world.services.store.begin() as unit:
            if unit.audits.wanted(world.project.id) is None:
                unit.audits.want(world.project.id, AuditTrigger.PERSON, coded(AuditTrigger.PERSON))
    world.do(JobKind.SCAN)
    world.settle()
    world.do(JobKind.REVIEWERS)
    world.settle()


def reports(world: World) -> int:
    with world.read() as unit:
        return sum(1 for one in unit.audits.listed(world.project.id, 10) if one.finished_at is not None)


def told(folder: Path, template: Path, points: Points | None, url: str) -> Picture:
    """The whole story on that database; what is left at its end."""
    world = World(folder, template, url=url, **SETTINGS)
    try:
        at_the_start(world)
        for n, held in enumerate(world.source.held.values()):
            held.item = replace(held.item, data={**held.item.data, "x": n, "y": n % 2})
        if points is not None:
            world.points = world.server.points = world.queue._points = points
            world.restart()
        for chapter in (*CHAPTERS, looked_back):
            tell(world, chapter)
        with world.read() as unit:
            drawn = [name for name in (ABOUT, ITEMS, POINTS) if unit.blobs.get(world.project.id, name)]
        return picture(world) | {"reports": reports(world), "map": drawn}
    finally:
        world.close()


@pytest.mark.timeout(300)
def test_postgresql_restarted_in_the_middle_of_every_kind_of_job_leaves_no_trace(
    cluster: PostgresServer, template_database: Path, tmp_path: Path
) -> None:
    points = RestartingPoints(cluster)
    with cluster.fresh_database() as url:
        calm = told(tmp_path / "calm", template_database, None, url)
    with cluster.fresh_database() as url:
        struck = told(tmp_path / "struck", template_database, points, url)

    assert differences(struck, calm) == []
    assert {kind for kind, middle in points.restarted if middle == "commit"} == {one.value for one in JobKind}
    assert {kind for kind, middle in points.restarted if middle == "answer"} >= {
        "sync",
        "push",
        "collect",
        "writeback",
        "revert",
        "guidelines",
        "hooks",
        "reconcile",
    }
