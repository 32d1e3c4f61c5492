"""A platform that was restored from an older backup."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest

from connector.actions.held import release
from connector.model import CorrectionState, Item
from connector.model.jobs import JobKind
from connector.model.reasons import NotWritten
from tests.support.world import World
from tests.unit.conftest import Build


def stored(world: World, item: str) -> list[str]:
    with world.read() as unit:
        ids = unit.items.ids_of([item], world.project.id)
        return [one.label for one in unit.items.labelled(world.project.id, ids)]


def test_a_full_pass_believes_what_a_restored_platform_says(world_on_each: World) -> None:
    world = world_on_each
    world.some_right()
    item = world.item("x", "cat", cat=0.9, dog=0.05, bird=0.05)
    world.settle()
    before = copy.deepcopy(world.held("x").item)
    world.relabel("x", "dog")
    world.deliver()
    world.later(seconds=61)
    assert stored(world, item) == ["dog"]
    world.held("x").item = before
    world.do(JobKind.SYNC, {"full": True})

    assert stored(world, item) == ["cat"]


def test_a_question_about_a_label_that_the_restore_took_away_is_withdrawn(world: World) -> None:
    world.some_right()
    world.item("x", "dog", dog=0.9, cat=0.04, bird=0.06)
    world.settle()
    before = copy.deepcopy(world.held("x").item)
    world.relabel("x", "cat")
    world.deliver()
    world.do(JobKind.INGEST)
    world.do(JobKind.SCAN)
    world.settle()
    assert world.asked() == ["x"]
    world.held("x").item = before
    world.do(JobKind.SYNC, {"full": True})
    world.settle()

    assert world.asked() == []


def test_a_change_that_comes_while_a_restored_item_is_read_wins(world: World) -> None:
    world.some_right()
    item = world.item("x", "cat", cat=0.9, dog=0.05, bird=0.05)
    world.settle()
    before = copy.deepcopy(world.held("x").item)
    world.relabel("x", "dog")
    world.deliver()
    world.later(seconds=61)
    world.held("x").item = before
    world.server.meanwhile("describe", lambda: world.relabel("x", "bird"))
    world.do(JobKind.SYNC, {"full": True})

    assert stored(world, item) == ["bird"]


def test_the_comparison_of_ids_notices_that_the_platform_went_back(world: World) -> None:
    world.some_right()
    items = [world.item(text, "cat", cat=0.9, dog=0.05, bird=0.05) for text in ("x", "y")]
    world.settle()
    before = {text: copy.deepcopy(world.held(text).item) for text in ("x", "y")}
    for text in before:
        world.relabel(text, "dog")
    world.deliver()
    world.later(seconds=61)
    for text, item in before.items():
        world.held(text).item = item
    world.do(JobKind.RECONCILE)
    world.settle()

    assert [stored(world, item) for item in items] == [["cat"], ["cat"]]


def test_a_review_number_that_was_given_out_anew_is_left_alone(world_on_each: World) -> None:
    world = world_on_each
    world.some_right()
    world.wrong("two", given="bird", truly="dog")
    world.settle()
    world.answer("two", "rita", "bird")
    world.answer("two", "ravi", "dog")
    number = world.review_of("two").item.remote_id
    world.do(JobKind.COLLECT)
    world.do(JobKind.DECIDE)
    del world.review.held[number]
    foreign = {"text": "f", "secondlook_key": "k", "secondlook_batch": "b", "secondlook_title": "t"}
    world.server.add_item(world.review_id, foreign, remote_id=number)
    overlap = world.review.held[number].overlap
    world.settle()

    assert world.review.held[number].overlap == overlap
    assert world.review.held[number].item.data["secondlook_title"] == "t"


def corrected(world: World) -> Item:
    """A correction is written; the item as it was before."""
    world.some_right()
    world.wrong()
    world.settle()
    before = copy.deepcopy(world.held("odd").item)
    world.agree("odd", "dog")
    world.later(seconds=61)
    assert world.corrected("odd").state is CorrectionState.APPLIED
    return before


def test_plain_polling_notices_that_the_platform_went_back_and_repairs_every_item(world: World) -> None:
    world.some_right()
    items = [world.item(text, "cat", cat=0.9, dog=0.05, bird=0.05) for text in ("x", "y")]
    world.settle()
    before = {text: copy.deepcopy(world.held(text).item) for text in ("x", "y")}
    for text in before:
        world.relabel(text, "dog")
    world.later(seconds=61)
    for text, item in before.items():
        world.held(text).item = item
    world.later(seconds=61)

    assert [stored(world, item) for item in items] == [["cat"], ["cat"]]


def test_an_item_that_the_restore_took_away_is_deleted_by_the_next_polls(world: World) -> None:
    world.some_right()
    world.settle()
    late = world.item("late", "cat", cat=0.9, dog=0.05, bird=0.05)
    world.later(seconds=61)
    assert stored(world, late) == ["cat"]
    del world.source.held[late]
    world.later(seconds=61)

    assert stored(world, late) == []


@pytest.mark.parametrize("mode", ["ground_truth", "update", "prediction", "replace"])
def test_a_correction_that_the_restore_took_away_is_asked_about(build: Build, mode: str) -> None:
    world = build(writeback={"mode": mode})
    before = corrected(world)
    world.held("odd").item = before
    world.later(seconds=61)

    lost = world.corrected("odd")
    assert (lost.state, lost.error) == (CorrectionState.HELD, NotWritten.TAKEN_AWAY)
    assert world.labels("odd") == [("ann", "cat")]


def test_a_correction_that_was_taken_away_is_written_again_when_a_person_says_so(world: World) -> None:
    before = corrected(world)
    world.held("odd").item = before
    world.later(seconds=61)
    with world.services.store.begin() as unit:
        release(unit, world.project, "cat", "cli:tester")
    world.settle()

    assert world.corrected("odd").state is CorrectionState.APPLIED
    assert world.labels("odd") == [("ann", "cat"), ("service", "dog")]


def test_a_correction_that_stands_after_a_restore_is_left_alone(world: World) -> None:
    corrected(world)
    item = world.item("x", "cat", cat=0.9, dog=0.05, bird=0.05)
    world.settle()
    before = copy.deepcopy(world.held("x").item)
    world.relabel("x", "dog")
    world.later(seconds=61)
    world.held("x").item = before
    world.later(seconds=61)

    assert stored(world, item) == ["cat"]
    assert world.corrected("odd").state is CorrectionState.APPLIED


def test_a_review_project_that_the_restore_took_away_is_made_again(world: World) -> None:
    world.some_right()
    world.wrong()
    before = copy.deepcopy(world.server.boards)
    world.settle()
    world.agree("odd", "dog")
    world.later(seconds=61)
    world.server.boards = before
    world.later(seconds=61)
    world.later(seconds=world.settings.worker.retry_max_seconds + 1)

    assert world.project.paused_reason is None
    assert world.review.owner_key is not None


def test_a_review_project_that_is_gone_when_all_is_decided_is_made_again(world: World) -> None:
    world.some_right()
    world.wrong()
    world.settle()
    world.agree("odd", "dog")
    world.later(seconds=61)
    del world.server.boards[world.review_id]
    world.later(seconds=61)
    world.later(seconds=world.settings.worker.retry_max_seconds + 1)

    assert world.project.paused_reason is None
    assert world.review.owner_key is not None


def test_a_restore_between_push_and_collect_has_each_question_asked_once(world: World) -> None:
    world.some_right()
    world.wrong()
    world.settle()
    before = copy.deepcopy(world.server.boards)
    world.wrong("late", given="bird", truly="dog")
    world.later(seconds=61)
    world.agree("odd", "dog")
    world.agree("late", "dog")
    world.server.boards = before
    world.later(seconds=61)
    world.later(hours=7)

    assert world.asked() == ["odd"]
    assert world.decision("odd") is None, "its answers are gone"
    world.agree("odd", "dog")
    world.later(seconds=61)
    assert world.labels("odd") == [("ann", "cat"), ("service", "dog")]


def test_a_restore_of_the_answers_between_decision_and_write_writes_what_people_decided(world: World) -> None:
    world.some_right()
    world.wrong()
    world.settle()
    before = copy.deepcopy(world.server.boards)
    world.agree("odd", "dog")
    world.do(JobKind.COLLECT)
    world.do(JobKind.DECIDE)
    world.server.boards = before
    world.later(seconds=61)
    world.later(hours=7)

    assert world.corrected("odd").state is CorrectionState.APPLIED
    assert world.labels("odd") == [("ann", "cat"), ("service", "dog")]


def test_a_restore_takes_the_guideline_block_back_and_it_is_published_again(world: World) -> None:
    world.some_right()
    world.wrong()
    world.settle()
    before = copy.deepcopy(world.server.boards)
    world.agree("odd", "dog", note="Tails wag.")
    world.later(minutes=11)
    assert "Tails wag." in world.source.guidelines
    world.server.boards = before
    world.later(seconds=61)
    world.later(hours=7)

    published = [text for text, state in world.notes().items() if state == "published"]
    assert all(text in world.source.guidelines for text in published)


def test_a_part_that_went_back_in_an_item_whose_stamp_did_not_is_believed(world_on_each: World) -> None:
    """As on Argilla, where an edited response moves no stamp of its record."""
    world = world_on_each
    world.some_right()
    item = world.item("x", "cat", cat=0.9, dog=0.05, bird=0.05)
    world.settle()
    before = world.held("x").item.annotations
    world.relabel("x", "dog")
    world.later(seconds=61)
    assert stored(world, item) == ["dog"]
    world.server.tick()
    world.held("x").item = replace(world.held("x").item, annotations=before)
    world.held("x").seq = world.server.seq  # a fingerprint shows that something is another now
    world.later(seconds=61)

    assert stored(world, item) == ["cat"]
    assert [detail for _, _, detail in world.audit("items.restored")] == [{"items": 1}]


def test_a_late_word_about_a_part_that_somebody_changed_meanwhile_is_not_believed(world: World) -> None:
    world.some_right()
    item = world.item("x", "cat", cat=0.9, dog=0.05, bird=0.05)
    world.settle()
    late = copy.deepcopy(world.held("x").item)
    world.relabel("x", "dog")
    world.do(JobKind.SYNC)
    with world.services.store.begin() as unit:
        older = unit.items.apply(
            world.project.id, [replace(late, updated_at=world.held("x").item.updated_at)]
        )
    assert list(older.older) == [item]
    world.do(JobKind.SYNC, {"full": True})

    assert stored(world, item) == ["dog"]
    assert world.audit("items.restored") == []


def test_polling_notices_a_restore_after_a_change_that_no_poll_had_seen(world: World) -> None:
    world.some_right()
    item = world.item("x", "cat", cat=0.9, dog=0.05, bird=0.05)
    world.settle()
    before = copy.deepcopy(world.held("x").item)
    world.relabel("x", "dog")
    world.deliver()
    world.do(JobKind.INGEST)
    assert stored(world, item) == ["dog"]
    world.held("x").item = before
    world.later(seconds=61)

    assert stored(world, item) == ["cat"]


def test_polling_notices_a_restore_though_the_newest_item_was_changed_since(world: World) -> None:
    world.some_right()
    items = [world.item(text, "cat", cat=0.9, dog=0.05, bird=0.05) for text in ("x", "y")]
    world.settle()
    before = {text: copy.deepcopy(world.held(text).item) for text in ("x", "y")}
    for text in before:
        world.relabel(text, "dog")
    world.later(seconds=61)
    for text, item in before.items():
        world.held(text).item = item
    world.relabel("y", "bird")
    world.later(seconds=61)

    assert [stored(world, item) for item in items] == [["cat"], ["bird"]]


def standing(world: World, text: str) -> list[tuple[str, str | None]]:
    return [(vote.reviewer, vote.label) for vote in world.votes(text) if not vote.withdrawn]


def test_polling_notices_that_nothing_but_answers_went_back(world_on_each: World) -> None:
    world = world_on_each
    world.some_right()
    world.wrong()
    world.settle()
    before = copy.deepcopy(world.review.held)
    world.answer("odd", "rita", "dog")
    world.later(seconds=61)
    assert standing(world, "odd") == [("rita", "dog")]
    world.review.held = before
    world.later(seconds=61)

    assert standing(world, "odd") == []
    assert [detail for _, _, detail in world.audit("answers.restored")] == [{"tasks": 1}]
    world.agree("odd", "dog", "ravi", "rosa")
    world.later(seconds=61)
    assert world.corrected("odd").state is CorrectionState.APPLIED
    assert len(world.audit("answers.restored")) == 1


def test_an_answer_that_a_restore_changed_back_is_read_again_though_others_answered_since(
    world: World,
) -> None:
    world.some_right()
    world.wrong()
    world.wrong("other", given="bird", truly="dog")
    world.settle()
    answer = world.answer("odd", "rita", "bird")
    world.answer("other", "rita", "dog")
    world.later(seconds=61)
    before = copy.deepcopy(world.review.held)
    world.edit_answer(answer, "dog", "rita")
    world.answer("other", "ravi", "dog")
    world.later(seconds=61)
    world.review.held = before
    world.answer("other", "rosa", "bird")
    world.later(seconds=61)

    assert standing(world, "odd") == [("rita", "bird")]
    assert standing(world, "other") == [("rita", "dog"), ("rosa", "bird")]


def test_questions_that_were_sent_after_the_backup_are_asked_again_by_the_next_polls(world: World) -> None:
    world.some_right()
    world.wrong()
    world.settle()
    before = copy.deepcopy(world.review.held)
    world.wrong("late", given="bird", truly="dog")
    world.later(seconds=61)
    assert sorted(world.asked()) == ["late", "odd"]
    world.review.held = before
    world.later(seconds=61)
    world.later(seconds=61)

    assert sorted(world.asked()) == ["late", "odd"]


def test_a_withdrawn_question_that_a_restore_opened_is_closed_again(world: World) -> None:
    world.some_right()
    world.wrong()
    world.settle()
    before = copy.deepcopy(world.review.held)
    world.relabel("odd", "dog")
    world.later(seconds=61)
    world.later(seconds=61)
    assert world.asked() == []
    world.review.held = before
    world.later(seconds=61)

    assert world.asked() == []


def test_a_review_task_that_somebody_deletes_is_no_restore(world: World) -> None:
    world.some_right()
    world.wrong()
    world.settle()
    world.answer("odd", "rita", "dog")
    world.later(seconds=61)
    world.server.delete_item(world.review_id, world.review_of("odd").item.remote_id)
    world.later(seconds=61)
    world.later(seconds=61)

    assert world.audit("answers.restored") == []
    assert world.asked() == ["odd"]
