"""The whole loop on a real Argilla: wrong labels found, reviewed, and put right beside people's answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tomli_w

from connector.model import CorrectionState
from tests.support.argilla import ArgillaServer
from tests.support.argilla_loop import CLASSES, REVIEWERS, answer_next, answers_of, dataset_with_errors
from tests.support.loop import NAME, crew, looking, wait_until
from tests.support.processes import ProcessPark
from workers.demo.server import free_port

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

N_ITEMS, N_WRONG = 30, 6


def test_every_wrong_label_is_put_right_and_nobodys_answer_is_touched(
    argilla: ArgillaServer, processes: ProcessPark, tmp_path: Path
) -> None:
    truth = {f"item {n:03d}": CLASSES[n % 3] for n in range(N_ITEMS)}
    dataset = dataset_with_errors(argilla, truth, N_WRONG)
    given = answers_of(argilla, dataset, "anna")
    installation = crew(_config(tmp_path / "installation", argilla, dataset), processes)
    installation.up()
    with looking(installation) as services:
        review = wait_until("review", lambda: services.project(NAME).review_remote_id)

        def all_applied() -> bool:
            for name in REVIEWERS:
                answer_next(argilla, review, name, truth)
            with services.store.read() as unit:
                states = unit.corrections.counts(services.project(NAME).id)
            return states.get(CorrectionState.APPLIED, 0) == N_WRONG

        wait_until("every correction", all_applied, 300)
    assert answers_of(argilla, dataset, "anna") == given
    assert answers_of(argilla, dataset, "owner") == {
        text: truth[text] for text in given if given[text] != truth[text]
    }


def _config(folder: Path, argilla: ArgillaServer, dataset: str) -> Path:
    folder.mkdir()
    (folder / "key").write_text(argilla.key("owner"))
    project: dict[str, Any] = {
        "platform": "argilla",
        "url": argilla.url,
        "project": dataset,
        "token": {"file": "key"},
        "predictions": {"source": "platform", "out_of_sample": True},
        "policy": {"control_share": 0.0, "blind_share": 0.0, "class_cap": 1.0},
        "review": {"rule": "quorum"},
        "sync": {"poll_seconds": 3.0},
    }
    config = {
        "data_dir": "data",
        "server": {"host": "127.0.0.1", "port": free_port()},
        "worker": {"tick_seconds": 1.0, "resend_seconds": 3.0, "retry_base_seconds": 0.5},
        "projects": {NAME: project},
    }
    path = folder / "secondlook.toml"
    path.write_bytes(tomli_w.dumps(config).encode())
    return path
