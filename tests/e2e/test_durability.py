"""Real processes are killed, a real connection is cut, a real broker loses its messages: nothing is lost."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from connector.model import CorrectionState, IssueState, ReviewState
from connector.wiring import Services
from tests.support.cut_proxy import HttpProxy
from tests.support.label_studio import LabelStudioServer
from tests.support.loop import NAME, Crew, Scene, crew, looking, set_scene, wait_until, write_config
from tests.support.processes import GuardedProcess, ProcessPark
from tests.support.rabbitmq import RabbitMqServer
from tests.support.redis_server import RedisServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

N_WRONG = 6
KILLS = 5  # for each process that is killed
READY = r"celery@\S+ ready|Application startup complete"


@pytest.fixture
def scene(label_studio: LabelStudioServer) -> Scene:
    return set_scene(label_studio, n_wrong=N_WRONG)


@pytest.fixture
def proxy(label_studio: LabelStudioServer) -> Iterator[HttpProxy]:
    with HttpProxy(label_studio.url) as running:
        yield running


@dataclass(frozen=True)
class Backing:
    """What several workers share, as settings, and how its broker loses all messages."""

    database: dict[str, object]
    broker: dict[str, object]
    lose_messages: Callable[[], None]


@pytest.fixture(params=["redis", "rabbitmq behind a pooler"])
def backing(request: pytest.FixtureRequest, tmp_path: Path) -> Backing:
    """Redis with PostgreSQL itself, and RabbitMQ with PostgreSQL behind PgBouncer."""
    if request.param == "redis":
        redis: RedisServer = request.getfixturevalue("redis_server")
        return Backing({"url": request.getfixturevalue("postgres_url")}, {"url": redis.url}, redis.flush)
    rabbitmq: RabbitMqServer = request.getfixturevalue("rabbitmq_server")
    (tmp_path / "broker-password").write_text(rabbitmq.password)
    (tmp_path / "broker-password").chmod(0o600)
    return Backing(
        {"url": request.getfixturevalue("pooled_url"), "pooler": True},
        {"url": rabbitmq.url, "password": {"file": str(tmp_path / "broker-password")}},
        rabbitmq.purge,
    )


def test_the_loop_ends_the_same_when_workers_are_killed_and_the_broker_loses_its_messages(
    scene: Scene, proxy: HttpProxy, backing: Backing, processes: ProcessPark, tmp_path: Path
) -> None:
    config = write_config(
        tmp_path / "installation", scene, proxy.url, database=backing.database, broker=backing.broker
    )
    many = crew(config, processes)
    many.web(), many.beat()
    with _chaos(many, backing.lose_messages):
        _review_until_settled(many, scene)
    _expect_every_error_repaired_once(many, scene)


def test_the_loop_ends_the_same_when_the_platform_does_the_work_but_its_answers_are_lost(
    scene: Scene, proxy: HttpProxy, processes: ProcessPark, tmp_path: Path
) -> None:
    lost_imports = proxy.drop_response("POST", r"/import", times=1)
    lost_writes = proxy.drop_response("POST", r"/api/tasks/\d+/annotations", times=3)
    lost_project = proxy.drop_response("POST", r"/api/projects/$", times=1)
    one = crew(write_config(tmp_path / "installation", scene, proxy.url), processes)
    one.up()

    _review_until_settled(one, scene)

    assert (lost_project.hits, lost_imports.hits, lost_writes.hits) == (1, 1, 3)
    _expect_every_error_repaired_once(one, scene)


def test_a_killed_service_goes_on_where_it_was_when_it_is_started_again(
    scene: Scene, label_studio: LabelStudioServer, processes: ProcessPark, tmp_path: Path
) -> None:
    one = crew(write_config(tmp_path / "installation", scene, label_studio.url), processes)
    keeper = threading.Thread(target=_kill_and_restart, args=(one.up, 11))
    keeper.start()
    try:
        _review_until_settled(one, scene)
    finally:
        keeper.join()
    _expect_every_error_repaired_once(one, scene)


class _chaos:  # noqa: N801 - reads as a statement: with _chaos(…)
    """Kills two workers at random moments, again and again; between, the broker loses its messages."""

    def __init__(self, many: Crew, lose_messages: Callable[[], None]) -> None:
        self._stop = threading.Event()
        self._keepers = [
            threading.Thread(target=_kill_and_restart, args=(many.worker, seed)) for seed in (1, 2)
        ]
        self._forgetter = threading.Thread(target=_repeat, args=(lose_messages, self._stop))

    def __enter__(self) -> None:
        for thread in (*self._keepers, self._forgetter):
            thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in (*self._keepers, self._forgetter):
            thread.join()


def _kill_and_restart(start: Callable[[], GuardedProcess], seed: int) -> None:
    """Kill a process `KILLS` times within moments of its being ready; the last one lives on."""
    chance = random.Random(seed)  # noqa: S311 - moments of death, not secrets
    for _ in range(KILLS):
        process = start()
        process.wait_for(READY, timeout=60)
        time.sleep(chance.uniform(0.2, 4.0))
        process.kill()
    start()


def _repeat(lose_messages: Callable[[], None], stop: threading.Event) -> None:
    while not stop.wait(5.0):
        lose_messages()


def _review_until_settled(installation: Crew, scene: Scene) -> None:
    with looking(installation) as services:
        review_project = wait_until("a review project", lambda: _review_project(services))

        def settled() -> bool:
            scene.answer_open(review_project)
            return _settled(services)

        wait_until("the end of the loop", settled, patience=240)


def _review_project(services: Services) -> int | None:
    with services.store.read() as unit:
        found = unit.projects.by_name(NAME)
        tasks = found is not None and unit.reviews.counts(found.id).get(ReviewState.PUSHED)
    return int(found.review_remote_id) if found and found.review_remote_id and tasks else None


def _settled(services: Services) -> bool:
    with services.store.read() as unit:
        project = unit.projects.by_name(NAME)
        assert project is not None
        issues = unit.issues.counts(project.id)
        corrections = unit.corrections.counts(project.id)
    return issues.get(IssueState.ACCEPTED) == N_WRONG and corrections.get(CorrectionState.APPLIED) == N_WRONG


def _expect_every_error_repaired_once(installation: Crew, scene: Scene) -> None:
    """The platform holds what a run without faults leaves: counted there, not in our own tables."""
    assert scene.labels() == scene.truth
    n_items = len(scene.truth)
    assert scene.annotations_per_task() == {1: n_items - N_WRONG, 2: N_WRONG}
    with looking(installation) as services, services.store.read() as unit:
        project = unit.projects.by_name(NAME)
        assert project is not None
        assert list(unit.audit.verify()) == []
        assert list(unit.jobs.dead()) == []
        applied = [
            entry.subject for entry in unit.audit.entries(NAME) if entry.action == "correction.applied"
        ]
        assert len(applied) == len(set(applied)) == N_WRONG
        tasks = scene.review_tasks(int(project.review_remote_id or 0))
    open_tasks = [task for task in tasks if not task["data"]["secondlook_title"].startswith("Withdrawn")]
    keys = [task["data"]["secondlook_key"] for task in open_tasks]
    assert len(keys) == len(set(keys)) == N_WRONG
