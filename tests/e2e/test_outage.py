"""A real Label Studio that is away for longer than all retries loses nothing, and is caught up with soon."""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from connector.model import CorrectionState
from connector.model.jobs import JobState
from connector.store.views import loop
from tests.support.label_studio import LabelStudioServer, running_label_studio
from tests.support.loop import NAME, Crew, Scene, crew, looking, set_scene, wait_until, write_config
from tests.support.processes import ProcessPark

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

TRIES, RETRY_SECONDS = 3, 1.0
AWAY_SECONDS = 25.0  # each kind of work has used up its tries three times over
SOON_SECONDS = 60.0
WRONG = 4


def test_votes_corrections_and_questions_are_in_place_a_minute_after_an_outage(
    processes: ProcessPark, tmp_path: Path
) -> None:
    data = tmp_path / "studio"
    with running_label_studio(data) as server:
        port = urlsplit(server.url).port
        scene = set_scene(server, n_items=18, n_wrong=WRONG)
        worker = {"max_attempts": TRIES, "retry_base_seconds": 0.5, "retry_max_seconds": RETRY_SECONDS}
        config = write_config(tmp_path / "installation", scene, server.url, poll_seconds=2.0, worker=worker)
        service = crew(config, processes)
        service.up()
        review = wait_until("a review project", lambda: _review_project(service))
        wait_until("questions", lambda: len(scene.review_tasks(review)) == WRONG)
        given = scene.answer_open(review)  # votes that most likely nobody has read when the server goes
    time.sleep(AWAY_SECONDS)

    assert _dead(service) == []
    assert wait_until("the outage in the status", lambda: _away(service))

    with running_label_studio(data, port=port) as server:
        back = Scene(LabelStudioServer(server.running), scene.project, scene.truth, scene.reviewers)
        wait_until("the votes", lambda: _votes(service) == given, SOON_SECONDS)

        def corrected() -> bool:
            back.answer_open(review)
            return _applied(service) == WRONG

        wait_until("the corrections", corrected, SOON_SECONDS)
        assert back.labels() == back.truth
        assert len(back.review_tasks(review)) == WRONG
        assert _dead(service) == []
        wait_until("the end of the outage", lambda: not _away(service), SOON_SECONDS)


def _review_project(service: Crew) -> int | None:
    with looking(service) as services, services.store.read() as unit:
        project = unit.projects.by_name(NAME)
        return int(project.review_remote_id) if project and project.review_remote_id else None


def _dead(service: Crew) -> list[str | None]:
    with looking(service) as services, services.store.read() as unit:
        jobs = loop.job_views(unit, project=NAME, state=JobState.DEAD, limit=100)
        return [job.error for job in jobs.items]


def _votes(service: Crew) -> int:
    with looking(service) as services, services.store.read() as unit:
        return loop.project_views(unit, NAME)[0].votes


def _away(service: Crew) -> bool:
    with looking(service) as services, services.store.read() as unit:
        return loop.project_views(unit, NAME)[0].away_since is not None


def _applied(service: Crew) -> int:
    with looking(service) as services, services.store.read() as unit:
        project = unit.projects.by_name(NAME)
        return 0 if project is None else unit.corrections.counts(project.id).get(CorrectionState.APPLIED, 0)
