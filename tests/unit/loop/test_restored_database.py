"""Our own database restored from a backup: what was written since is found by its marker."""

from __future__ import annotations

import shutil

import pytest

from connector.model import CorrectionState
from connector.model.jobs import JobKind
from tests.unit.conftest import Build


@pytest.mark.parametrize("mode", ["ground_truth", "update", "prediction"])
def test_a_write_that_the_backup_does_not_know_is_found_and_can_be_taken_back(
    build: Build, mode: str
) -> None:
    world = build(writeback={"mode": mode})
    world.some_right()
    world.wrong()
    world.settle()
    world.agree("odd", "dog")
    world.do(JobKind.COLLECT)
    world.do(JobKind.DECIDE)
    before = world.held("odd").item
    world.close()
    shutil.copy(world.database, world.folder / "backup.db")
    world.services = world._start()
    world.settle()
    written = world.held("odd").item
    assert written != before
    world.close()
    for part in world.folder.glob("secondlook.db-*"):
        part.unlink()
    shutil.copy(world.folder / "backup.db", world.database)
    world.services = world._start()
    world.queue.messages.clear()
    world.do(JobKind.SYNC, {"full": True})
    world.later(seconds=61)

    assert world.corrected("odd").state is CorrectionState.APPLIED
    assert world.held("odd").item == written
    assert world.revert(world.corrected("odd").id)["restored"] == "cat"
    assert world.labels("odd") == [("ann", "cat")]
