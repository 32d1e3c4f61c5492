"""Imports of review tasks that arrive late: each question stands once."""

from __future__ import annotations

from collections import Counter

from connector.errors import UnknownOutcome
from connector.model import ReviewRequest
from tests.support.world import NAME, World, withdrawn


def test_an_import_that_arrives_after_it_was_sent_again_leaves_no_second_task(world: World) -> None:
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
