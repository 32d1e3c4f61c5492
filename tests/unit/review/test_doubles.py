"""Imports of review tasks that arrive late: each question stands once."""

from __future__ import annotations

from collections import Counter

from connector.errors import UnknownOutcome
from connector.model import ReviewRequest
from connector.model.jobs import JobKind
from tests.support.world import NAME, World, withdrawn


def test_an_import_that_arrives_after_it_was_sent_again_leaves_no_second_task(world_on_each: World) -> None:
    world = world_on_each
    world.some_right()
    world.wrong()
    desk = world.services._desks[NAME]
    push, late = desk.push, []

    def held_up(review_id: str, requests: list[ReviewRequest]) -> object:
        if not late:
            late.append((review_id, list(requests)))
            raise UnknownOutcome("timed out")
        return push(review_id, requests)

    desk.push = held_up  # type: ignore[method-assign,assignment]
    world.settle()
    push(*late[0])
    world.later(seconds=61)

    assert Counter(world.asked()) == {"odd": 1}


def test_a_double_is_withdrawn_once_and_then_left_alone(world: World) -> None:
    world.some_right()
    world.wrong()
    world.settle()
    first = world.review_of("odd")
    world.server.add_item(world.review_id, dict(first.item.data))
    world.later(seconds=61)
    moved = world.server.seq
    world.later(seconds=61)

    assert [withdrawn(held) for held in world.review.held.values()] == [False, True]
    assert world.server.seq == moved


def test_an_answer_in_a_double_counts_for_its_question(world: World) -> None:
    world.some_right()
    world.wrong()
    world.settle()
    first = world.review_of("odd")
    double = world.server.add_item(world.review_id, dict(first.item.data))
    world.server.answer(double, "rita", "dog")
    world.server.answer(first.item.remote_id, "ravi", "dog")
    world.later(seconds=61)

    assert sorted((vote.reviewer, vote.counted) for vote in world.votes("odd")) == [
        ("ravi", True),
        ("rita", True),
    ]
    assert world.labels("odd")[-1] == ("service", "dog")


def test_an_answer_that_comes_after_the_double_was_withdrawn_counts_beside_those_before(world: World) -> None:
    world.some_right()
    world.wrong()
    world.settle()
    first = world.review_of("odd")
    double = world.server.add_item(world.review_id, dict(first.item.data))
    world.server.answer(double, "rita", "dog")
    world.later(seconds=61)
    world.server.answer(double, "ravi", "dog")  # it was open in a browser
    world.later(seconds=61)

    assert [vote.counted for vote in world.votes("odd")] == [True, True]


def test_a_double_that_arrives_when_its_question_is_decided_is_withdrawn(world: World) -> None:
    world.some_right()
    world.wrong()
    world.settle()
    first = world.review_of("odd")
    world.agree("odd", "dog")
    world.later(seconds=61)
    double = world.server.add_item(world.review_id, dict(first.item.data))
    world.later(seconds=61)

    assert withdrawn(world.review.held[double])
    assert world.labels("odd")[-1] == ("service", "dog")


def test_one_person_who_answers_both_tasks_has_one_vote_the_latest(world: World) -> None:
    world.some_right()
    world.wrong()
    world.settle()
    first = world.review_of("odd")
    double = world.server.add_item(world.review_id, dict(first.item.data))
    world.server.answer(double, "rita", "dog")
    world.server.answer(first.item.remote_id, "rita", "bird")
    world.later(seconds=61)

    assert [vote.label for vote in world.votes("odd") if vote.counted] == ["bird"]


def test_an_answer_in_a_double_that_the_push_finds_counts(world: World) -> None:
    world.some_right()
    world.wrong()
    desk = world.services._desks[NAME]
    push = desk.push

    def twice(review_id: str, requests: list[ReviewRequest]) -> object:
        desk.push = push  # type: ignore[method-assign]
        push(review_id, requests)
        ids = push(review_id, requests)
        for remote_id in ids.values():
            world.server.answer(remote_id, "rita", "dog")
        raise UnknownOutcome("timed out")

    desk.push = twice  # type: ignore[method-assign,assignment]
    world.settle()

    assert [(vote.reviewer, vote.counted) for vote in world.votes("odd")] == [("rita", True)]


def test_an_answered_task_of_before_our_restore_is_the_one_that_asks(world_on_each: World) -> None:
    """The backup holds the question as planned; it was sent and answered since."""
    world = world_on_each
    world.some_right()
    world.wrong()
    world.settle()
    world.wrong("odder")
    world.do(JobKind.SYNC)
    world.do(JobKind.SCAN)
    backup = world.backup()
    world.settle()
    sent = world.review_of("odder").item.remote_id
    world.server.answer(sent, "rita", "dog")
    world.settle()
    world.restore(backup)
    world.do(JobKind.SYNC, {"full": True})
    world.do(JobKind.COLLECT)
    world.later(seconds=61)

    assert world.review_of("odder").item.remote_id == sent
    assert len(world.review.held) == 2, "nothing was sent again"
    assert [(vote.reviewer, vote.counted) for vote in world.votes("odder")] == [("rita", True)]
