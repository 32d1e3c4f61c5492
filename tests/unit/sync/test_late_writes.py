"""What follows from a write of ours that stands on the platform, by what became of its correction."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.model import CorrectionState, Item, LabelStatus, WriteMode
from connector.model.jobs import JobKind, JobState
from tests.support.world import World
from tests.unit.conftest import Build
from tests.unit.sync.test_adopted import adopted, corrected, written
from workers.sync.late_writes import plan_removals

S, M = CorrectionState, WriteMode


def known(build: Build, mode: WriteMode = M.GROUND_TRUTH) -> tuple[World, Item]:
    """A world that knows a correction, and the item on which it stands."""
    world = build()
    world.wrong("odd")
    world.do(JobKind.SYNC)
    item = corrected(world, mode=mode)
    assert adopted(world, item) == 1
    return world, item


def planned(world: World, item: Item, state: CorrectionState | None = None) -> list[JobKind]:
    with world.services.store.begin() as unit:
        if state is not None:
            unit.corrections.set_state(item.own_writes[0].marker, state)
        n = plan_removals(unit, world.project, [item])
    kinds = [JobKind(job.kind) for job in world.jobs(JobState.QUEUED)]
    planned = [kind for kind in kinds if kind in (JobKind.REVERT, JobKind.WRITEBACK)]
    assert n == len(planned)
    return planned


@pytest.mark.parametrize(
    ("state", "mode", "follows"),
    [
        (S.REVERTED, M.GROUND_TRUTH, [JobKind.REVERT]),
        (S.REVERTED, M.UPDATE, [JobKind.REVERT]),
        (S.CANCELLED, M.GROUND_TRUTH, [JobKind.REVERT]),
        (S.CONFLICT, M.GROUND_TRUTH, [JobKind.REVERT]),
        (S.FAILED, M.PREDICTION, [JobKind.REVERT]),
        (S.CONFLICT, M.UPDATE, [JobKind.WRITEBACK]),  # it got there over somebody's change: said so
        (S.FAILED, M.UPDATE, []),
        (S.HELD, M.GROUND_TRUTH, [JobKind.WRITEBACK]),
        (S.APPLIED, M.GROUND_TRUTH, []),
        (S.APPLIED, M.UPDATE, []),
    ],
)
def test_a_write_that_stands_is_taken_back_or_taken_in_by_its_state(
    build: Build, state: CorrectionState, mode: WriteMode, follows: list[JobKind]
) -> None:
    world, item = known(build, mode)
    assert planned(world, item, state) == follows
    expected = S.REVERTING if follows == [JobKind.REVERT] else state
    assert world.corrected("odd").state is expected


@pytest.mark.parametrize(
    ("mode", "follows"),
    [(M.GROUND_TRUTH, [JobKind.WRITEBACK]), (M.REPLACE, [JobKind.WRITEBACK]), (M.UPDATE, [])],
)
def test_what_stands_a_second_time_is_reduced_where_it_can(
    build: Build, mode: WriteMode, follows: list[JobKind]
) -> None:
    world, item = known(build, mode)
    assert planned(world, written(item, remote_id="another")) == follows


def test_what_a_person_has_edited_since_is_theirs(build: Build) -> None:
    world, item = known(build)
    assert planned(world, written(item, untouched=False), S.REVERTED) == []


def test_a_mark_that_nobody_knows_is_left(build: Build) -> None:
    world, item = known(build)
    assert planned(world, written(item, marker="of nobody")) == []


@pytest.mark.parametrize(
    ("status", "ours", "follows"),
    [
        (LabelStatus.CANCELLED, True, [JobKind.REVERT]),
        (LabelStatus.CANCELLED, False, []),  # a person has skipped it
        (LabelStatus.VALID, True, []),
    ],
)
def test_an_original_that_a_late_request_of_ours_cancelled_after_the_revert_counts_again(
    build: Build, status: LabelStatus, ours: bool, follows: list[JobKind]
) -> None:
    world, item = known(build, M.REPLACE)
    with world.services.store.begin() as unit:
        unit.corrections.reverted(item.own_writes[0].marker)
    original = replace(
        item.annotations[0], status=status, updated_by=world.project.service_user if ours else "ann"
    )
    assert planned(world, replace(item, annotations=(original,), own_writes=())) == follows
