"""The whole loop on a real Argilla: wrong labels found, reviewed, and put right beside people's answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.model import CorrectionState
from tests.support.argilla import ArgillaServer
from tests.support.argilla_loop import (
    CLASSES,
    REVIEWERS,
    answer_next,
    answers_of,
    dataset_with_errors,
    write_argilla_config,
)
from tests.support.loop import NAME, crew, looking, wait_until
from tests.support.processes import ProcessPark

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

N_ITEMS, N_WRONG = 30, 6


def test_every_wrong_label_is_put_right_and_nobodys_answer_is_touched(
    argilla: ArgillaServer, processes: ProcessPark, tmp_path: Path
) -> None:
    truth = {f"item {n:03d}": CLASSES[n % 3] for n in range(N_ITEMS)}
    dataset = dataset_with_errors(argilla, truth, N_WRONG)
    given = answers_of(argilla, dataset, "anna")
    installation = crew(write_argilla_config(tmp_path / "installation", argilla, dataset), processes)
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
