"""What reviewers were shown is edited between their decision and the write."""

from __future__ import annotations

import pytest

from connector.model import CorrectionState, IssueState
from connector.model.jobs import JobKind
from connector.model.reasons import LetGo, NotWritten
from tests.support.world import World


@pytest.fixture
def decided(world: World) -> World:
    """It is decided that "odd" is a dog, and nothing is written yet."""
    world.some_right()
    world.wrong()
    world.settle()
    world.agree("odd", "dog")
    world.do(JobKind.COLLECT)
    world.do(JobKind.DECIDE)
    assert world.corrected("odd").state is CorrectionState.PENDING
    return world


def edit(world: World) -> None:
    held = world.held("odd")
    world.server.tick()
    world.server.store(held, data={"text": "quite another"})


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
def test_a_decision_about_what_the_item_was_is_not_written(decided: World, known: bool) -> None:
    correction, issue = decided.corrected("odd"), decided.issue("odd")
    edit(decided)
    if known:
        decided.do(JobKind.SYNC)
    decided.settle()

    with decided.read() as unit:
        left, closed = unit.corrections.get(correction.id), unit.issues.get(issue.id)
    assert left is not None
    assert closed is not None
    assert (left.state, left.error) == (CorrectionState.CANCELLED, NotWritten.ITEM_EDITED)
    assert (closed.state, closed.reason) == (IssueState.STALE, LetGo.ITEM_EDITED)
    assert decided.labels("quite another") == [("ann", "cat")]
    assert "quite another" in decided.asked()
    assert decided.votes("quite another") == []


def test_an_edit_in_the_moment_of_the_write_has_it_taken_back(decided: World) -> None:
    correction = decided.corrected("odd")
    decided.server.meanwhile("write", lambda: edit(decided))
    decided.settle()

    with decided.read() as unit:
        left = unit.corrections.get(correction.id)
    assert left is not None
    assert left.state is CorrectionState.REVERTED
    assert decided.labels("quite another") == [("ann", "cat")]
    assert "quite another" in decided.asked()
