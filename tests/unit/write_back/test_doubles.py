"""A write that was held up and arrives late, before or after its correction was taken back."""

from __future__ import annotations

from dataclasses import replace

from connector.model import CorrectionState, Prediction
from connector.model.jobs import JobKind
from tests.support.world import World
from tests.unit.conftest import Build

HELD_UP = 61  # seconds


def corrected(world: World) -> None:
    world.some_right()
    world.wrong()
    world.settle()
    world.agree("odd", "dog")
    world.later(seconds=HELD_UP)
    assert world.corrected("odd").state is CorrectionState.APPLIED


def arrive_late(world: World) -> None:
    """The first request of our write gets to the platform after the second one did, and demotes it."""
    held = world.held("odd")
    late = replace(next(one for one in held.item.annotations if one.marker), remote_id="late")
    world.server.tick()
    others = (replace(one, ground_truth=False) for one in held.item.annotations)
    world.server.store(held, annotations=(*others, late))
    held.notes["late"] = {}


def test_a_second_write_is_taken_away_and_the_first_stays(world: World) -> None:
    corrected(world)
    arrive_late(world)
    world.later(seconds=HELD_UP)

    assert world.labels("odd") == [("ann", "cat"), ("service", "dog")]
    assert [one.ground_truth for one in world.held("odd").item.annotations] == [False, True]
    assert "late" not in [one.remote_id for one in world.held("odd").item.annotations]
    assert world.corrected("odd").state is CorrectionState.APPLIED


def test_what_stands_under_another_number_alone_is_kept_and_known_by_it(world: World) -> None:
    """The platform was restored and corrected again, and then our database from a backup of before that."""
    corrected(world)
    held = world.held("odd")
    world.server.tick()
    again = [replace(one, remote_id="again") if one.marker else one for one in held.item.annotations]
    world.server.store(held, annotations=tuple(again))
    held.notes["again"] = {}
    world.do(JobKind.WRITEBACK, {"correction": world.corrected("odd").id})

    assert world.labels("odd") == [("ann", "cat"), ("service", "dog")]
    assert world.corrected("odd").state is CorrectionState.APPLIED
    assert world.corrected("odd").remote_id == "again"
    assert world.revert(world.corrected("odd").id)["restored"] == "cat"
    assert world.labels("odd") == [("ann", "cat")]


def test_taking_a_correction_back_takes_all_its_writes_back(world_on_each: World) -> None:
    world = world_on_each
    corrected(world)
    arrive_late(world)
    world.revert(world.corrected("odd").id)
    world.settle()

    assert world.labels("odd") == [("ann", "cat")]


def test_a_write_that_arrives_after_its_correction_was_taken_back_is_taken_away(world: World) -> None:
    corrected(world)
    ours = next(one for one in world.held("odd").item.annotations if one.marker)
    world.revert(world.corrected("odd").id)
    world.settle()
    held = world.held("odd")
    world.server.tick()
    world.server.store(held, annotations=(*held.item.annotations, replace(ours, remote_id="late")))
    world.later(seconds=HELD_UP)

    assert world.labels("odd") == [("ann", "cat")]
    assert world.corrected("odd").state is CorrectionState.REVERTED


def test_a_write_that_arrives_after_its_correction_met_a_conflict_is_taken_away(world: World) -> None:
    """It hung; meanwhile the annotator changed the label, which our ground truth would outrank."""
    corrected(world)
    held = world.held("odd")
    late = replace(next(one for one in held.item.annotations if one.marker), remote_id="late")
    world.server.tick()
    world.server.store(held, annotations=tuple(one for one in held.item.annotations if not one.marker))
    with world.services.store.begin() as unit:
        unit.corrections.set_state(world.corrected("odd").id, CorrectionState.CONFLICT, "label_changed")
    world.relabel("odd", "bird")
    world.server.tick()
    world.server.store(held, annotations=(*held.item.annotations, late))
    world.later(seconds=HELD_UP)

    assert world.labels("odd") == [("ann", "bird")]


def test_what_a_person_made_of_a_second_write_stays(world: World) -> None:
    corrected(world)
    arrive_late(world)
    world.server.edit(world.source_id, "late", "bird", "ben")
    world.later(seconds=HELD_UP)

    assert ("service", "bird") in world.labels("odd")


def late_prediction(world: World, marker: str) -> None:
    held = world.held("odd")
    world.server.tick()
    late = Prediction("late", f"secondlook:{marker}", "dog", None, None, world.server.now())
    world.server.store(held, predictions=(*held.item.predictions, late))


def own_predictions(world: World) -> list[str]:
    return [p.remote_id for p in world.held("odd").item.predictions if p.model_version.startswith("second")]


def test_a_second_prediction_of_ours_is_taken_away(build: Build) -> None:
    world = build(writeback={"mode": "prediction"})
    corrected(world)
    late_prediction(world, world.corrected("odd").id)
    world.later(seconds=HELD_UP)

    assert own_predictions(world) == [world.corrected("odd").remote_id]


def test_a_prediction_that_arrives_after_its_correction_was_taken_back_goes(build: Build) -> None:
    world = build(writeback={"mode": "prediction"})
    corrected(world)
    world.revert(world.corrected("odd").id)
    late_prediction(world, world.corrected("odd").id)
    world.later(seconds=HELD_UP)

    assert own_predictions(world) == []


def test_the_comparison_of_ids_finds_a_second_write_that_moved_no_stamp(world: World) -> None:
    corrected(world)
    held = world.held("odd")
    late = replace(next(one for one in held.item.annotations if one.marker), remote_id="late")
    held.item = replace(held.item, annotations=(*held.item.annotations, late))
    world.do(JobKind.RECONCILE)
    world.settle()

    assert world.labels("odd") == [("ann", "cat"), ("service", "dog")]
