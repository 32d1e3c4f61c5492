"""Workers that are asked to end, or stand still, in the middle of a write to a real Label Studio."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.model import CorrectionState, ReviewState
from connector.model.jobs import JobState
from connector.store.views import loop
from connector.wiring import Services
from tests.support.cut_proxy import HttpProxy
from tests.support.label_studio import LabelStudioServer
from tests.support.loop import NAME, Crew, Scene, crew, looking, set_scene, wait_until, write_config
from tests.support.processes import ProcessPark
from tests.support.redis_server import RedisServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

N_ITEMS, N_WRONG = 15, 3
WRITE = r"/api/tasks/\d+/annotations"
SLOWLY = 1.5  # seconds until an answer comes: long enough to be met in the middle of a write


@pytest.fixture
def scene(label_studio: LabelStudioServer) -> Scene:
    return set_scene(label_studio, n_items=N_ITEMS, n_wrong=N_WRONG)


@pytest.fixture
def proxy(label_studio: LabelStudioServer) -> Iterator[HttpProxy]:
    with HttpProxy(label_studio.url) as running:
        yield running


@pytest.fixture
def many(
    scene: Scene, proxy: HttpProxy, redis_server: RedisServer, processes: ProcessPark, tmp_path: Path
) -> Crew:
    """Two schedulers, and workers as tests start them."""
    broker = {"url": redis_server.url}
    made = crew(write_config(tmp_path / "installation", scene, proxy.url, broker=broker), processes)
    made.beat(), made.beat()
    return made


def test_a_worker_that_is_asked_to_end_finishes_what_it_has_in_hand(
    many: Crew, scene: Scene, proxy: HttpProxy
) -> None:
    worker = many.worker()
    with looking(many) as services:
        until_a_write_is_on_its_way(services, scene, proxy)

        assert worker.stop(signal.SIGTERM, timeout=60) == 0

        assert running(services) == [], "it was finished, or given back"
        assert applied(services) >= 1
        proxy.heal()
        many.worker()
        wait_until("all corrections", lambda: applied(services) == N_WRONG)
        expect_each_once(services, scene, proxy)


def test_a_worker_that_stood_still_longer_than_its_lease_does_nothing_twice(
    many: Crew, scene: Scene, proxy: HttpProxy
) -> None:
    frozen = many.worker()
    with looking(many) as services:
        until_a_write_is_on_its_way(services, scene, proxy)

        os.killpg(frozen.group, signal.SIGSTOP)
        proxy.heal()
        many.worker()
        wait_until("all corrections by the other", lambda: applied(services) == N_WRONG)
        os.killpg(frozen.group, signal.SIGCONT)
        frozen.wait_for("was given to another worker")
        expect_each_once(services, scene, proxy)
        assert frozen.running


def until_a_write_is_on_its_way(services: Services, scene: Scene, proxy: HttpProxy) -> None:
    """People answer; the platform has heard of a write, and its answer is on its way."""
    review = wait_until("questions", lambda: asked(services))
    proxy.delay(SLOWLY)
    wait_until("answers", lambda: scene.answer_open(review) < 0 or all_answered(scene, review))
    wait_until("a write", lambda: proxy.count("POST", WRITE))


def asked(services: Services) -> int | None:
    with services.store.read() as unit:
        project = unit.projects.by_name(NAME)
        sent = project and unit.reviews.counts(project.id).get(ReviewState.PUSHED)
    return int(project.review_remote_id or 0) if project and sent == N_WRONG else None


def all_answered(scene: Scene, review: int) -> bool:
    return all(len(task["annotations"]) > 1 for task in scene.review_tasks(review))


def applied(services: Services) -> int:
    with services.store.read() as unit:
        return unit.corrections.counts(services.project(NAME).id).get(CorrectionState.APPLIED, 0)


def running(services: Services) -> list[str]:
    with services.store.read() as unit:
        return [
            job.kind for job in loop.job_views(unit, project=NAME, state=JobState.RUNNING, limit=10).items
        ]


def expect_each_once(services: Services, scene: Scene, proxy: HttpProxy) -> None:
    """Counted on the platform, by the proxy, and in the audit log."""
    assert scene.labels() == scene.truth
    assert scene.annotations_per_task() == {1: N_ITEMS - N_WRONG, 2: N_WRONG}
    assert proxy.count("POST", WRITE) == N_WRONG
    with services.store.read() as unit:
        assert list(unit.audit.verify()) == []
        done = [one.subject for one in unit.audit.entries(NAME) if one.action == "correction.applied"]
        assert list(unit.jobs.dead()) == []
    assert len(done) == len(set(done)) == N_WRONG
