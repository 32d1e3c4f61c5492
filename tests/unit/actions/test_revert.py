"""Asking for a revert: once, whoever asks and how often, and only for what is written."""

from __future__ import annotations

import pytest

from connector.actions.revert import ask_revert, undoable
from connector.errors import NotFound, Rejected
from connector.model import CorrectionState
from connector.model.jobs import JobKind, JobState
from tests.support.world import World


@pytest.fixture
def corrected(world: World) -> str:
    world.some_right()
    world.wrong("odd", given="cat", truly="dog")
    world.settle()
    world.agree("odd", "dog")
    world.later(seconds=61)
    return world.corrected("odd").id


def ask(world: World, correction_id: str, by: str) -> None:
    with world.services.store.begin() as unit:
        ask_revert(unit, correction_id, by)


def test_two_who_ask_at_once_make_one_audit_row_and_one_job(world: World, corrected: str) -> None:
    ask(world, corrected, "web:ada")
    ask(world, corrected, "cli:bo")

    assert world.corrected("odd").state is CorrectionState.REVERTING
    assert [actor for actor, _, _ in world.audit("correction.revert_asked")] == ["web:ada"]
    assert [job.kind for job in world.jobs(JobState.QUEUED)].count(JobKind.REVERT) == 1


def test_a_revert_that_was_asked_for_is_carried_out_by_the_service(world: World, corrected: str) -> None:
    ask(world, corrected, "web:ada")

    world.settle()

    assert world.labels("odd") == [("ann", "cat")]
    assert [actor for actor, _, _ in world.audit("correction.reverted")] == ["web:ada"]


def test_what_is_not_written_is_not_undone(world: World, corrected: str) -> None:
    ask(world, corrected, "web:ada")
    world.settle()
    before = world.audit()

    with pytest.raises(Rejected, match="is reverted: there is nothing to undo"):
        ask(world, corrected, "web:ada")
    with pytest.raises(NotFound):
        ask(world, "nothing", "web:ada")
    with world.read() as unit, pytest.raises(NotFound):
        undoable(unit, "no run")
    assert world.audit() == before
