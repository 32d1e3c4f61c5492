"""Labels on one real platform, reviews on the other: every wrong label is put right at its source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connector.model import CorrectionState
from connector.wiring import Services
from tests.support.argilla import ArgillaServer
from tests.support.argilla_home import WORKSPACE
from tests.support.argilla_loop import (
    CLASSES,
    REVIEWERS,
    answer_next,
    answers_of,
    dataset_with_errors,
    write_loop_config,
)
from tests.support.label_studio import LabelStudioServer
from tests.support.loop import NAME, Scene, crew, looking, set_scene, wait_until
from tests.support.processes import ProcessPark

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

N_ITEMS, N_WRONG = 24, 2


def test_labels_of_label_studio_reviewed_in_argilla(
    label_studio: LabelStudioServer, argilla: ArgillaServer, processes: ProcessPark, tmp_path: Path
) -> None:
    scene = set_scene(label_studio, N_ITEMS, N_WRONG)
    source = {"platform": "label_studio", "url": label_studio.url, "project": scene.project}
    desk = {"platform": "argilla", "url": argilla.url, "workspace": WORKSPACE}
    config = _config(tmp_path / "service", source, label_studio.token, desk, argilla.key("owner"))
    installation = crew(config, processes)
    installation.up()
    with looking(installation) as services:
        review = wait_until("review", lambda: services.project(NAME).review_remote_id)

        def answered() -> bool:
            for name in REVIEWERS:
                answer_next(argilla, review, name, scene.truth)
            return _applied(services) == N_WRONG

        wait_until("every correction", answered, 300)
        with services.store.read() as unit:
            voters = {one.actor for one in unit.audit.entries(NAME) if one.action == "vote.given"}
    assert scene.labels() == scene.truth
    assert voters <= {f"reviewer:{argilla.user_id(name)}" for name in REVIEWERS}


def test_labels_of_argilla_reviewed_in_label_studio(
    label_studio: LabelStudioServer, argilla: ArgillaServer, processes: ProcessPark, tmp_path: Path
) -> None:
    truth = {f"item {n:03d}": CLASSES[n % 3] for n in range(N_ITEMS)}
    dataset = dataset_with_errors(argilla, truth, N_WRONG)
    given = answers_of(argilla, dataset, "anna")
    reviewers = [label_studio.create_user(f"reviewer-{n}@example.com") for n in range(3)]
    people = Scene(label_studio, 0, truth, reviewers)
    source = {"platform": "argilla", "url": argilla.url, "project": dataset}
    desk = {"platform": "label_studio", "url": label_studio.url}
    config = _config(tmp_path / "service", source, argilla.key("owner"), desk, label_studio.token)
    installation = crew(config, processes)
    installation.up()
    with looking(installation) as services:
        review = wait_until("review", lambda: services.project(NAME).review_remote_id)

        def answered() -> bool:
            people.answer_open(int(review))
            return _applied(services) == N_WRONG

        wait_until("every correction", answered, 300)
    assert answers_of(argilla, dataset, "anna") == given
    assert answers_of(argilla, dataset, "owner") == {
        text: truth[text] for text in given if given[text] != truth[text]
    }


def _applied(services: Services) -> int:
    with services.store.read() as unit:
        return unit.corrections.counts(services.project(NAME).id).get(CorrectionState.APPLIED, 0)


def _config(folder: Path, source: dict[str, Any], token: str, desk: dict[str, Any], desk_token: str) -> Path:
    folder.mkdir()
    (folder / "token").write_text(token)
    (folder / "desk-token").write_text(desk_token)
    project = {
        **source,
        "token": {"file": "token"},
        "desk": {**desk, "token": {"file": "desk-token"}},
    }
    return write_loop_config(folder, project)
