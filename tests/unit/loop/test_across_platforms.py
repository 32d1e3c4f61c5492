"""Labels on one platform, reviews on another: two servers with nothing in common."""

from __future__ import annotations

from typing import Any

import pytest

from connector.model import Role
from connector.model.jobs import JobKind
from connector.platforms.argilla.webhook import ArgillaWebhooks
from connector.platforms.memory import MemoryDesk, MemoryServer
from connector.platforms.memory.server import Board
from connector.platforms.memory.webhook import MemoryWebhooks
from tests.support.codecs import MEMORY
from tests.support.world import NAME, World

POLL = 61.0
ELSEWHERE: dict[str, Any] = {
    "platform": "argilla",
    "url": "http://reviews.test",
    "token": {"env": "SECONDLOOK_UNUSED"},
    "workspace": "reviews",
}


def with_desk_at(world: World, other: MemoryServer) -> None:
    world.services._desks[NAME] = MemoryDesk(other, page_size=5, codecs=MEMORY)


def board_of(server: MemoryServer) -> Board:
    (found,) = [board for board in server.boards.values() if board.owner_key]
    return found


def task_about(board: Board, text: str) -> str:
    (found,) = [one for one, held in board.held.items() if held.item.data["text"] == text]
    return found


@pytest.fixture
def other() -> MemoryServer:
    return MemoryServer("memory://reviews")


@pytest.fixture
def apart(build: Any, other: MemoryServer) -> World:
    world: World = build(desk=ELSEWHERE)
    with_desk_at(world, other)
    world.some_right()
    world.wrong("odd")
    world.settle()
    return world


def test_what_is_asked_and_answered_elsewhere_is_put_right_at_the_source(
    apart: World, other: MemoryServer
) -> None:
    assert [board.owner_key for board in apart.server.boards.values()] == [None], "no review project here"
    for reviewer in ("rita", "ravi"):
        other.answer(task_about(board_of(other), "odd"), reviewer, "dog")
    apart.later(seconds=POLL)
    assert apart.labels("odd") == [("ann", "cat"), ("service", "dog")]


def test_each_platform_is_asked_for_its_own_webhook_and_read_in_its_own_way(
    apart: World, other: MemoryServer
) -> None:
    keyring = apart.services.keyring
    assert [hook.url for hook in apart.source.hooks] == [keyring.webhook_url(NAME, Role.SOURCE)]
    assert [hook.url for hook in board_of(other).hooks] == [keyring.webhook_url(NAME, Role.REVIEW)]
    assert isinstance(apart.services.dialect(NAME, Role.SOURCE), MemoryWebhooks)
    assert isinstance(apart.services.dialect(NAME, Role.REVIEW), ArgillaWebhooks)


def test_those_who_can_review_are_the_people_there(apart: World, other: MemoryServer) -> None:
    other.annotators["rita"] = "Rita"
    assert {one.remote_id for one in apart.services.reviewers(NAME)} == {"service", "rita"}
    assert {one.remote_id for one in apart.services.people(NAME)} == {"service", "ann", "rita"}


def test_open_reviews_move_with_the_desk_and_decided_ones_stay(build: Any, other: MemoryServer) -> None:
    world: World = build()
    world.some_right()
    world.wrong("odd")
    world.wrong("strange", "bird", "cat")
    world.settle()
    world.agree("strange", "cat")
    world.later(seconds=POLL)

    world.reconfigure(desk=ELSEWHERE)
    with_desk_at(world, other)
    world.settle()

    assert [held.item.data["text"] for held in board_of(other).held.values()] == ["odd"]
    with world.read() as unit:
        moved = [one for one in unit.audit.entries(NAME) if one.action == "desk.moved"]
    assert [one.detail["to"] for one in moved] == ["argilla reviews.test:80 reviews"]
    for reviewer in ("rita", "ravi"):
        other.answer(task_about(board_of(other), "odd"), reviewer, "dog")
    world.later(seconds=POLL)
    assert world.labels("odd") == [("ann", "cat"), ("service", "dog")]
    assert world.labels("strange") == [("ann", "bird"), ("service", "cat")]
    world.do(JobKind.HOOKS)


def test_who_reviews_there_and_labels_here_is_one_person_where_it_is_said(
    build: Any, other: MemoryServer
) -> None:
    world: World = build(desk=ELSEWHERE, reviewers={"same_person": {"r-7": "ann"}})
    with_desk_at(world, other)
    world.some_right()
    world.wrong("odd")
    world.settle()
    for reviewer in ("r-7", "rita"):
        other.answer(task_about(board_of(other), "odd"), reviewer, "dog")
    world.later(seconds=POLL)
    counted = {vote.reviewer: vote.counted for vote in world.votes("odd")}
    assert counted == {"r-7": False, "rita": True}, "nobody reviews their own label"
    assert world.labels("odd") == [("ann", "cat")]
