"""Our own database restored from a backup: what was written since is found by its marker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from connector.actions.revert import undoable
from connector.model import CorrectionState, IssueKind, IssueState, LabelSchema, ObjectTag
from connector.model.jobs import JobKind
from connector.model.reasons import NotWritten
from connector.store.views.loop import project_views
from connector.wording import reason_text
from tests.support.world import World
from tests.unit.conftest import Build
from workers.cli.status import _adopted

BOXES = LabelSchema("box", "image", ("car", "dog"), (ObjectTag("image", "Image", "text"),), "boxes")
CAR, DOG = "car 400,300 100x80 of 800x600", "dog 400,300 100x80 of 800x600"
SECOND = "car 600,100 100x80 of 800x600"
MODES = ["ground_truth", "update", "replace", "prediction"]


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


# --- a backup of a moment before the decision ------------------------------------------------------


def before_anything(world: World) -> str:
    backup = world.backup()
    world.settle()
    world.agree("odd", "dog")
    return backup


def before_the_review(world: World) -> str:
    world.do(JobKind.SYNC)
    world.do(JobKind.SCAN)
    backup = world.backup()
    world.settle()
    world.agree("odd", "dog")
    return backup


def before_the_answers(world: World) -> str:
    world.settle()
    backup = world.backup()
    world.agree("odd", "dog")
    return backup


Since = Callable[[World], str]
SINCE = [before_anything, before_the_review, before_the_answers]


def corrected_since(build: Build, mode: str, since: Since) -> World:
    """A world whose correction the database does not know any more, after it has worked a while."""
    world = build(writeback={"mode": mode})
    world.some_right()
    world.wrong()
    backup = since(world)
    world.later(seconds=61)
    assert world.corrected("odd").state is CorrectionState.APPLIED
    written = world.held("odd").item
    world.restore(backup)
    world.do(JobKind.SYNC, {"full": True})
    world.later(minutes=20)
    assert world.held("odd").item == written, "nothing is written twice, nor taken away"
    return world


@pytest.mark.parametrize("since", SINCE)
@pytest.mark.parametrize("mode", MODES)
def test_a_correction_that_the_backup_does_not_know_is_owned_up_to_and_can_be_taken_back(
    build: Build, mode: str, since: Since
) -> None:
    world = corrected_since(build, mode, since)

    known = world.corrected("odd")
    assert (known.state, known.given, known.label) == (CorrectionState.APPLIED, "cat", "dog")
    assert world.issue("odd").state is IssueState.ACCEPTED
    assert [subject for _, subject, _ in world.audit("correction.adopted")] == [known.id]
    assert times_asked(world, "odd") == 1, "and nobody is asked a second time"
    with world.read() as unit:
        (shown,) = project_views(unit)
    assert shown.adopted == 1

    assert world.revert(known.id)["restored"] == "cat"
    assert world.labels("odd") == [("ann", "cat")]
    assert len(world.held("odd").item.predictions) == 1
    world.later(minutes=20)
    assert world.corrected("odd").state is CorrectionState.REVERTED
    assert times_asked(world, "odd") == 1


def test_a_mark_in_an_annotation_that_somebody_else_saved_is_not_owned_up_to(build: Build) -> None:
    world = build(writeback={"mode": "ground_truth"})
    world.some_right()
    world.wrong()
    backup = before_anything(world)
    world.later(seconds=61)
    held, ours = world.held("odd"), world.corrected("odd").remote_id
    world.restore(backup)
    world.server.tick()
    copied = [replace(a, updated_by="ann") if a.remote_id == ours else a for a in held.item.annotations]
    world.server.store(held, annotations=tuple(copied))
    world.do(JobKind.SYNC, {"full": True})

    assert world.audit("correction.adopted") == []
    with world.read() as unit:
        (shown,) = project_views(unit)
    assert (shown.adopted, shown.corrections) == (0, {})


def times_asked(world: World, text: str) -> int:
    """How many tasks about that item there are in review projects, withdrawn ones too."""
    boards = [board for board in world.server.boards.values() if board.owner_key]
    return sum(one.item.data["text"] == text for board in boards for one in board.held.values())


@pytest.mark.parametrize("mode", ["update", "ground_truth"])
def test_of_two_corrected_regions_of_one_annotation_each_is_owned_up_to(build: Build, mode: str) -> None:
    world = build(schema=BOXES, writeback={"mode": mode})
    for n in range(20):
        right = [f"car {20 + 5 * n},40 100x80 of 800x600", f"dog {300 + 5 * n},250 100x80 of 800x600"]
        world.item(f"right {n}", "\n".join(sorted(right)), **dict.fromkeys(right, 0.95))
    world.item("two", CAR, **dict.fromkeys([DOG, SECOND], 0.95))
    world.do(JobKind.SYNC)
    backup = world.backup()
    world.settle()
    for held in list(world.review.held.values()):
        about = DOG if "dog" in str(held.item.data["secondlook_context"]) else SECOND
        for reviewer in ("rita", "ravi"):
            world.server.answer(held.item.remote_id, reviewer, about)
    world.later(minutes=5)
    written = world.held("two").item
    world.restore(backup)
    world.do(JobKind.SYNC, {"full": True})

    assert world.held("two").item == written
    with world.read() as unit:
        known = {one.label: one for one in unit.corrections.listed(world.project.id)}
    assert {one.state for one in known.values()} == {CorrectionState.APPLIED}
    assert set(known) == {DOG, SECOND}


def decided_anew(world: World) -> None:
    """Both reviewers change their answers to what is decided already."""
    (task,) = [one for one in world.review.held.values() if one.item.data["text"] == "odd"]
    for one in task.item.annotations:
        world.edit_answer(one.remote_id, "bird", one.annotator or "")
        task.notes[one.remote_id] = {**task.notes[one.remote_id], "label": "bird"}


@pytest.mark.parametrize("mode", MODES)
def test_a_later_correction_takes_the_place_of_the_one_that_the_backup_knows(build: Build, mode: str) -> None:
    world = build(writeback={"mode": mode})
    world.some_right()
    world.wrong()
    world.settle()
    world.agree("odd", "dog")
    world.later(seconds=61)
    first, backup = world.corrected("odd"), world.backup()
    decided_anew(world)
    world.later(minutes=5)
    assert world.corrected("odd").label == "bird"
    written = world.held("odd").item
    world.restore(backup)
    world.do(JobKind.SYNC, {"full": True})
    world.later(minutes=5)

    assert world.held("odd").item == written
    with world.read() as unit:
        before = unit.corrections.get(first.id)
    assert before is not None
    assert (before.state, before.error) == (CorrectionState.REVERTED, NotWritten.SUCCEEDED)
    assert world.corrected("odd").label == "bird"
    assert world.revert(world.corrected("odd").id)["restored"] == "cat"


def test_a_correction_that_waits_for_a_person_in_the_backup_is_known_as_written(build: Build) -> None:
    world = build()
    world.some_right()
    world.wrong()
    world.settle()
    world.agree("odd", "dog")
    world.later(seconds=61)
    with world.services.store.begin() as unit:
        unit.corrections.taken_away(world.corrected("odd").id, NotWritten.TAKEN_AWAY)
    world.do(JobKind.SYNC, {"full": True})
    world.settle()

    assert world.corrected("odd").state is CorrectionState.APPLIED
    assert world.revert(world.corrected("odd").id)["restored"] == "cat"


def test_status_says_what_was_found_and_how_it_is_taken_back(build: Build) -> None:
    world = corrected_since(build, "ground_truth", before_anything)
    with world.read() as unit:
        (shown,) = project_views(unit)
    lost = "1 of these was found on the platform after this database was restored; who decided is lost"
    assert _adopted(shown) == f"{lost}; `secondlook revert --run {shown.adopted_run}` takes back all such"
    assert world.issue("odd").kind is IssueKind.ADOPTED
    assert reason_text(world.issue("odd").reason or "").startswith("its correction was found on the platform")
    with world.read() as unit:
        assert [one.id for one in undoable(unit, shown.adopted_run)] == [world.corrected("odd").id]
