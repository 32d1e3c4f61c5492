"""A request that was held up writes an annotation as it was, over a later correction of ours in it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.actions.held import release
from connector.model import Annotation, Correction, CorrectionState, LabelSchema, ObjectTag
from connector.model.jobs import JobKind
from connector.model.reasons import NotWritten
from tests.support.world import World
from tests.unit.conftest import Build

HELD_UP = 61  # seconds
BOXES = LabelSchema("box", "image", ("car", "dog"), (ObjectTag("image", "Image", "text"),), "boxes")
CAR, DOG = "car 400,300 100x80 of 800x600", "dog 400,300 100x80 of 800x600"
SECOND = "car 600,100 100x80 of 800x600"


def corrected(world: World) -> None:
    world.some_right()
    world.wrong()
    world.settle()
    world.agree("odd", "dog")
    world.later(seconds=HELD_UP)
    assert world.corrected("odd").state is CorrectionState.APPLIED


def ours(world: World, text: str) -> Annotation:
    """What we wrote: the last, for in mode replace we saved the original too."""
    return [one for one in world.held(text).item.annotations if one.updated_by == "service"][-1]


def arrive_late(world: World, text: str, label: str, *, by: str = "service") -> None:
    """An annotation is as it was once, saved by a request that knew nothing of what came since."""
    older = replace(
        ours(world, text),
        label=label,
        result=[{"label": label}],
        marker=None,
        updated_by=by,
        updated_at=world.server.tick(),
    )
    world.server.put_annotation(world.held(text), older)


@pytest.mark.parametrize("mode", ["update", "ground_truth", "replace"])
def test_a_correction_that_another_request_of_ours_wrote_over_is_held(build: Build, mode: str) -> None:
    """As the correction of another control of the same annotation does, whose request names all of it."""
    world = build(writeback={"mode": mode})
    corrected(world)
    arrive_late(world, "odd", "cat")
    world.later(seconds=HELD_UP)

    lost = world.corrected("odd")
    assert (lost.state, lost.error) == (CorrectionState.HELD, NotWritten.OVERTAKEN)
    assert [subject for _, subject, _ in world.audit("correction.taken_away")] == [lost.id]


def test_what_was_written_over_is_written_again_when_a_person_says_so(build: Build) -> None:
    world = build(writeback={"mode": "update"})
    corrected(world)
    arrive_late(world, "odd", "cat")
    world.later(seconds=HELD_UP)
    with world.services.store.begin() as unit:
        release(unit, world.project, "cat", "cli:tester")
    world.settle()

    assert world.corrected("odd").state is CorrectionState.APPLIED
    assert world.labels("odd") == [("ann", "dog")]


@pytest.mark.parametrize("mode", ["update", "ground_truth", "replace"])
def test_what_a_person_made_of_a_correction_is_theirs(build: Build, mode: str) -> None:
    world = build(writeback={"mode": mode})
    corrected(world)
    arrive_late(world, "odd", "cat", by="ann")
    world.later(seconds=HELD_UP)

    assert world.corrected("odd").state is CorrectionState.APPLIED


@pytest.mark.parametrize("mode", ["update", "ground_truth", "replace"])
def test_a_request_that_arrives_between_a_write_and_its_record_is_seen(build: Build, mode: str) -> None:
    world = build(writeback={"mode": mode})
    world.some_right()
    world.wrong()
    world.settle()
    world.agree("odd", "dog")
    world.server.meanwhile("write", lambda: arrive_late(world, "odd", "cat"))
    world.later(seconds=HELD_UP)

    assert world.corrected("odd").state is CorrectionState.HELD


@pytest.fixture
def two_corrected(build: Build) -> World:
    """One picture with two wrong boxes, both corrected in one annotation."""
    world = build(schema=BOXES)
    for n in range(20):
        right = [f"car {20 + 5 * n},40 100x80 of 800x600", f"dog {300 + 5 * n},250 100x80 of 800x600"]
        world.item(f"right {n}", "\n".join(sorted(right)), **dict.fromkeys(right, 0.95))
    world.item("two", CAR, **dict.fromkeys([DOG, SECOND], 0.95))
    world.settle()
    for held in list(world.review.held.values()):
        about = DOG if "dog" in str(held.item.data["secondlook_context"]) else SECOND
        for reviewer in ("rita", "ravi"):
            world.server.answer(held.item.remote_id, reviewer, about)
    world.later(minutes=5)
    assert world.labels("two") == [("ann", f"{SECOND}\n{DOG}")]
    return world


def applied_to(world: World) -> dict[str, Correction]:
    with world.read() as unit:
        return {one.label: one for one in unit.corrections.listed(world.project.id)}


@pytest.mark.parametrize(("stands", "lost"), [(DOG, SECOND), (f"{CAR}\n{SECOND}", DOG)])
def test_of_two_corrections_in_one_annotation_the_one_that_is_lost_is_held(
    two_corrected: World, stands: str, lost: str
) -> None:
    world = two_corrected
    arrive_late(world, "two", stands)
    world.later(seconds=HELD_UP)

    states = {label: one.state for label, one in applied_to(world).items()}
    kept = next(label for label in (DOG, SECOND) if label != lost)
    assert states == {lost: CorrectionState.HELD, kept: CorrectionState.APPLIED}
    with world.services.store.begin() as unit:
        release(unit, world.project, applied_to(world)[lost].given, "cli:tester")
    world.settle()
    assert world.labels("two") == [("ann", f"{SECOND}\n{DOG}")]


def test_of_two_corrections_the_one_that_a_person_put_back_is_not_held(two_corrected: World) -> None:
    world = two_corrected
    arrive_late(world, "two", f"{CAR}\n{SECOND}", by="ann")
    world.later(seconds=HELD_UP)

    states = {label: one.state for label, one in applied_to(world).items()}
    assert states == {DOG: CorrectionState.CONFLICT, SECOND: CorrectionState.APPLIED}


def test_a_region_that_a_person_changed_once_more_is_theirs_whoever_saved_last(two_corrected: World) -> None:
    world = two_corrected
    arrive_late(world, "two", f"{SECOND}\ndog 420,300 100x80 of 800x600")
    world.later(seconds=HELD_UP)

    assert {one.state for one in applied_to(world).values()} == {CorrectionState.APPLIED}


def test_what_a_later_correction_of_ours_changed_back_is_not_lost(build: Build) -> None:
    world = build(writeback={"mode": "update"})
    corrected(world)
    item_id = world.held("odd").item.remote_id
    world.server.predict(world.source_id, item_id, None, class_scores={"cat": 0.9, "dog": 0.04, "bird": 0.06})
    world.relabel("odd", "bird")
    world.later(seconds=HELD_UP)
    asked = [task for task, held in world.review.held.items() if held.item.data["text"] == "odd"]
    for reviewer in ("rita", "ravi"):
        world.server.answer(asked[-1], reviewer, "cat")
    world.later(seconds=HELD_UP)

    assert world.labels("odd") == [("ann", "cat")]
    assert {label: one.state for label, one in applied_to(world).items()} == {
        "dog": CorrectionState.APPLIED,
        "cat": CorrectionState.APPLIED,
    }


@pytest.mark.parametrize("mode", ["ground_truth", "replace", "prediction"])
def test_a_correction_that_was_deleted_is_held_and_written_again_when_a_person_says_so(
    build: Build, mode: str
) -> None:
    """By somebody, or by a late deletion that hit an annotation which holds another correction since."""
    world = build(writeback={"mode": mode})
    corrected(world)
    held = world.held("odd")
    kept = [one for one in held.item.annotations if one.annotator != "service"]
    world.server.tick()
    world.server.store(held, annotations=tuple(kept), predictions=held.item.predictions[:1])
    world.do(JobKind.SYNC, {"full": True})
    world.settle()

    lost = world.corrected("odd")
    assert (lost.state, lost.error) == (CorrectionState.HELD, NotWritten.GONE)
    assert world.labels("odd") == [("ann", "cat")], "what it stood in place of counts again"
    with world.services.store.begin() as unit:
        release(unit, world.project, "cat", "cli:tester")
    world.settle()
    assert world.corrected("odd").state is CorrectionState.APPLIED


def test_what_lies_over_an_annotation_and_is_taken_off_is_held(build: Build) -> None:
    """As a note in a record's metadata, which a late request replaces as a whole: nobody saved the answer."""
    world = build(writeback={"mode": "update"})
    corrected(world)
    written = ours(world, "odd")
    world.server.tick()
    bare = replace(written, label="cat", result=[{"label": "cat"}], marker=None, updated_by="ann")
    world.server.put_annotation(world.held("odd"), bare)
    world.later(seconds=HELD_UP)

    lost = world.corrected("odd")
    assert (lost.state, lost.error) == (CorrectionState.HELD, NotWritten.OVERTAKEN)


def test_what_somebody_made_of_our_annotation_is_named_when_it_is_deleted(build: Build) -> None:
    """A deletion of ours that was held up may hit it; nobody can tell, so nothing is put back."""
    world = build()
    corrected(world)
    world.server.edit(world.source_id, ours(world, "odd").remote_id, "bird", "bob")
    world.later(seconds=HELD_UP)
    theirs = world.annotation_id("odd", 1)
    world.server.delete_annotation(world.source_id, theirs)
    world.later(seconds=HELD_UP)

    (lost,) = world.audit("annotation.edit_lost")
    item_id = world.held("odd").item.remote_id
    assert lost == ("platform", theirs, {"item": item_id, "by": "bob", "label": "bird"})
    world.do(JobKind.SYNC, {"full": True})
    assert len(world.audit("annotation.edit_lost")) == 1
