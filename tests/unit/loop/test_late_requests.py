"""Requests that hang on their way and arrive when the world has moved on; see also the tests of doubles."""

from __future__ import annotations

from dataclasses import replace

from connector.errors import UnknownOutcome
from connector.model import Annotation, CorrectionState, LabelStatus, ReviewSetup, WriteOrder, WriteRecord
from connector.model.jobs import JobKind
from connector.model.reasons import NotWritten
from connector.wording import reason_text
from tests.support.world import NAME, World
from tests.unit.conftest import Build

HELD_UP = 61  # seconds


def corrected(world: World) -> None:
    world.some_right()
    world.wrong()
    world.settle()
    world.agree("odd", "dog")
    world.later(seconds=HELD_UP)
    assert world.corrected("odd").state is CorrectionState.APPLIED


def cancel_late(world: World) -> None:
    held = world.held("odd")
    now = world.server.tick()
    cancelled = {"label": None, "status": LabelStatus.CANCELLED, "updated_by": "service", "updated_at": now}
    world.server.store(held, annotations=tuple(replace(a, **cancelled) for a in held.item.annotations))


def test_an_original_that_is_cancelled_after_its_correction_was_taken_back_counts_again(build: Build) -> None:
    world = build(writeback={"mode": "replace"})
    corrected(world)
    world.revert(world.corrected("odd").id)
    world.settle()
    cancel_late(world)
    world.later(seconds=HELD_UP)

    assert world.labels("odd") == [("ann", "cat")]
    assert world.corrected("odd").state is CorrectionState.REVERTED


def test_an_original_that_a_person_skipped_after_the_revert_stays_as_it_is(build: Build) -> None:
    world = build(writeback={"mode": "replace"})
    corrected(world)
    world.revert(world.corrected("odd").id)
    world.settle()
    cancel_late(world)
    held = world.held("odd")
    world.server.store(held, annotations=tuple(replace(a, updated_by="ann") for a in held.item.annotations))
    world.later(seconds=HELD_UP)

    assert world.labels("odd") == [("ann", None)]


def test_an_update_that_arrives_after_its_correction_was_taken_back_is_taken_back_again(build: Build) -> None:
    world = build(writeback={"mode": "update"})
    corrected(world)
    ours = world.held("odd").item.annotations[0]
    world.revert(world.corrected("odd").id)
    world.settle()
    world.server.put_annotation(world.held("odd"), replace(ours, updated_at=world.server.tick()))
    world.later(seconds=HELD_UP)

    assert world.labels("odd") == [("ann", "cat")]
    assert world.corrected("odd").state is CorrectionState.REVERTED


class Held:
    """The first write of a correction in place hangs; the others pass."""

    def __init__(self, world: World) -> None:
        self.orders: list[WriteOrder] = []
        self._source = world.services._sources[NAME]
        self._write = self._source.write
        self._source.write = self._hold_first  # type: ignore[method-assign]

    def _hold_first(self, order: WriteOrder) -> WriteRecord:
        if not self.orders:
            self.orders.append(order)
            raise UnknownOutcome("timed out")
        return self._write(order)


def written_over(given: Annotation, world: World, marker: str) -> Annotation:
    """What the annotation is once a held-up update in place has got there."""
    label = {"label": "dog", "result": [{"label": "dog"}], "marker": marker}
    return replace(given, **label, updated_by="service", updated_at=world.server.tick())


def test_an_update_that_arrives_over_a_later_change_of_a_person_is_owned_up_to(build: Build) -> None:
    world = build(writeback={"mode": "update"})
    world.some_right()
    world.wrong()
    world.settle()
    hangs = Held(world)
    world.agree("odd", "dog")
    for kind in (JobKind.COLLECT, JobKind.DECIDE):
        world.do(kind)
    world.run_messages()
    marker = hangs.orders[0].marker
    world.relabel("odd", "bird")
    world.later(seconds=HELD_UP)
    with world.read() as unit:
        met = unit.corrections.get(marker)
    assert met is not None
    assert met.state is CorrectionState.CONFLICT
    held = world.held("odd")
    held.notes[world.annotation_id("odd")] = {"label": "cat", "ground_truth_ids": []}
    world.server.put_annotation(held, written_over(held.item.annotations[0], world, marker))
    world.later(seconds=HELD_UP)

    with world.read() as unit:
        stands = unit.corrections.get(marker)
    assert stands is not None
    assert stands.state is CorrectionState.APPLIED
    assert "'bird'" in (reason_text(stands.error) or ""), "what it stands over is said"
    assert str(stands.error).startswith(NotWritten.ARRIVED_LATE)
    assert [subject for _, subject, _ in world.audit("correction.arrived_late")] == [marker]


def test_an_older_guideline_block_that_arrives_late_is_put_right(world: World) -> None:
    world.some_right()
    world.wrong()
    world.wrong("next", given="bird", truly="dog")
    world.settle()
    world.agree("odd", "dog", note="Tails wag.")
    world.later(minutes=11)
    older = world.source.guidelines
    world.agree("next", "dog", note="Wings do not.")
    world.later(minutes=11)
    newer = world.source.guidelines
    assert older != newer
    world.source.guidelines = older
    world.later(minutes=11)

    assert world.source.guidelines == newer


def test_an_older_overlap_that_arrives_late_is_raised_again(world: World) -> None:
    world.some_right()
    world.wrong()
    world.settle()
    world.answer("odd", "rita", "dog")
    world.answer("odd", "ravi", "cat")
    world.later(seconds=HELD_UP)
    task = world.review_of("odd")
    assert task.overlap == 3
    task.overlap = 2
    world.server.tick()
    world.server.store(task)
    world.later(seconds=HELD_UP)

    assert world.review_of("odd").overlap == 3


def test_a_question_that_a_late_withdrawal_closes_is_opened_again(world: World) -> None:
    """Though the overlap that comes with it is what was asked for."""
    world.some_right()
    world.wrong()
    world.settle()
    task = world.review_of("odd")
    world.services.desk(NAME).withdraw(world.review_id, [task.item.remote_id])
    task.overlap = world.task("odd").overlap
    assert world.asked() == []
    world.later(seconds=HELD_UP)

    assert world.asked() == ["odd"]


def test_a_withdrawn_question_that_a_late_overlap_opens_is_closed_again(world: World) -> None:
    world.some_right()
    world.wrong()
    world.settle()
    task = world.review_of("odd")
    world.relabel("odd", "dog")
    world.later(seconds=HELD_UP)
    assert world.asked() == []
    world.services.desk(NAME).set_overlap(task.item.remote_id, 2)
    assert world.asked() == ["odd"]
    world.later(seconds=HELD_UP)

    assert world.asked() == []


def test_a_review_project_whose_creation_arrives_late_is_removed_while_it_is_empty(world: World) -> None:
    world.some_right()
    world.wrong()
    desk = world.services._desks[NAME]
    ensure, late = desk.ensure, list[ReviewSetup]()

    def held_up(setup: ReviewSetup, known_id: str | None) -> str:
        if not late:
            late.append(setup)
            raise UnknownOutcome("timed out")
        return ensure(setup, known_id)

    desk.ensure = held_up  # type: ignore[method-assign]
    world.settle()
    kept = world.review_id
    twin = world.server.board(world.server.add_project(world.review.schema, "Late"))
    twin.owner_key = late[0].owner_key
    world.wrong("next")
    world.later(seconds=HELD_UP)

    assert [board.id for board in world.server.boards.values() if board.owner_key] == [kept]
    assert sorted(world.asked()) == ["next", "odd"]
