"""Our own database restored from a backup: what was written since is found by its marker."""

from __future__ import annotations

import pytest

from connector.model import CorrectionState
from connector.model.jobs import JobKind
from tests.unit.conftest import Build


@pytest.mark.parametrize("mode", ["ground_truth", "update", "prediction", "replace"])
def test_a_write_that_the_backup_does_not_know_is_found_and_can_be_taken_back(
    build_on_each: Build, mode: str
) -> None:
    world = build_on_each(writeback={"mode": mode})
    world.some_right()
    world.wrong()
    world.settle()
    world.agree("odd", "dog")
    world.do(JobKind.COLLECT)
    world.do(JobKind.DECIDE)
    before = world.held("odd").item
    backup = world.backup()
    world.settle()
    written = world.held("odd").item
    assert written != before
    world.restore(backup)
    world.do(JobKind.SYNC, {"full": True})
    world.later(seconds=61)

    assert world.corrected("odd").state is CorrectionState.APPLIED
    assert world.held("odd").item == written
    assert world.revert(world.corrected("odd").id)["restored"] == "cat"
    assert world.labels("odd") == [("ann", "cat")]


def test_a_prediction_that_is_decided_anew_after_a_restore_stands_once(build: Build) -> None:
    world = build(writeback={"mode": "prediction"})
    world.some_right()
    world.wrong()
    world.settle()
    world.agree("odd", "dog")
    backup = world.backup()
    world.later(seconds=61)
    written = world.held("odd").item
    assert len(written.predictions) == 2
    world.restore(backup)
    world.do(JobKind.SYNC, {"full": True})
    world.later(seconds=61)

    assert world.held("odd").item == written
    assert world.revert(world.corrected("odd").id)["restored"] == "cat"
    assert len(world.held("odd").item.predictions) == 1


def test_what_was_only_to_be_shown_is_not_written_after_a_restore(build: Build) -> None:
    world = build(writeback={"mode": "dry_run"})
    world.some_right()
    world.wrong()
    world.settle()
    world.agree("odd", "dog")
    backup = world.backup()
    world.later(seconds=61)
    assert world.corrected("odd").state is CorrectionState.DRY_RUN
    world.restore(backup)
    world.later(seconds=61)

    assert world.corrected("odd").state is CorrectionState.DRY_RUN
    assert world.labels("odd") == [("ann", "cat")]
