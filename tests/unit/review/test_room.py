"""How many questions stand open: as many as reviewers answer in an hour, within the budget."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.config.project import PolicySettings
from connector.model import IssueState
from tests.support.world import World
from workers.review import room
from workers.review.room import LEAST_OPEN, active_reviewers, answers_an_hour, most_open

Build = Callable[..., World]
NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def test_the_pace_is_that_of_the_hours_in_which_anybody_answered() -> None:
    assert answers_an_hour([]) == 0
    morning = [NINE + timedelta(minutes=n) for n in range(60)]
    next_day = [NINE + timedelta(days=1, minutes=n) for n in range(20)]
    assert answers_an_hour([*morning, *next_day]) == 40


@given(minutes=st.lists(st.integers(0, 100_000), min_size=1, max_size=50))
def test_the_pace_does_not_depend_on_the_order(minutes: list[int]) -> None:
    moments = [NINE + timedelta(minutes=n) for n in minutes]
    assert answers_an_hour(moments) == answers_an_hour(sorted(moments))


@pytest.mark.parametrize(
    ("settings", "hours"),
    [({}, 1.0), ({"budget": 300}, None), ({"open_hours": 2.0}, 2.0), ({"budget": 9, "open_hours": 4.0}, 4.0)],
)
def test_a_budget_alone_bounds_alone(settings: dict[str, float], hours: float | None) -> None:
    assert PolicySettings(**settings).hours_open == hours


def test_before_anybody_answered_the_least_stands_open_and_the_rest_follows(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "LEAST_OPEN", 3)
    world = build(policy={"open_hours": 1.0})
    world.some_right()
    names = [f"item {number}" for number in range(8)]
    for name in names:
        world.wrong(name, given="cat", truly="dog")
    world.settle()
    assert len(world.issues(IssueState.IN_REVIEW)) == 3

    for name in world.asked():
        world.agree(name, "dog", "rita", "ravi")
    world.later(seconds=61)
    assert len(world.issues(IssueState.ACCEPTED)) == 3
    # Six answers in an hour: so many stand open from now on, of the five that are left.
    assert len(world.issues(IssueState.IN_REVIEW)) == 5


def test_the_budget_is_never_exceeded() -> None:
    answers = [("ann", NINE + timedelta(minutes=minute)) for minute in reversed(range(60))]
    assert most_open(answers, PolicySettings(budget=7, open_hours=1.0)) == 7
    assert most_open(answers, PolicySettings(budget=200, open_hours=3.0)) == 180
    assert most_open([], PolicySettings()) == LEAST_OPEN


# --- who is there to answer --------------------------------------------------------------------


def test_who_answered_in_the_last_day_of_work_is_there_whatever_the_weekend() -> None:
    friday = [("ann", NINE), ("bob", NINE - timedelta(hours=23)), ("eve", NINE - timedelta(days=3))]
    assert active_reviewers(friday) == {"ann", "bob"}
    assert active_reviewers([]) == frozenset()


@pytest.mark.parametrize(("budget", "who"), [({}, ("rita", "ravi")), ({"budget": 3}, ("rita",))])
def test_questions_that_wait_for_somebody_else_do_not_keep_people_from_new_ones(
    build: Build, monkeypatch: pytest.MonkeyPatch, budget: dict[str, int], who: tuple[str, ...]
) -> None:
    monkeypatch.setattr(room, "LEAST_OPEN", 3)
    world = build(policy={"open_hours": 0.01, **budget}, review={"rule": "shares", "min_votes": 5})
    world.some_right(4)
    for number in range(9):
        world.wrong(f"item {number}", given="cat", truly="dog")
    world.settle()
    answered = 0
    for _ in range(3):
        answered += world.review_round(who, lambda _who, _text: {"label": "dog"})
        world.later(hours=1)
    assert answered == 9 * len(who)

    world.answer(world.asked()[0], "rosa", "dog")  # for whom all nine are open
    with world.read() as unit:
        assert unit.reviews.open_count(world.project.id) == 9
        assert room.room_for(unit, world.project, world.settings.projects["animals"].policy) == 3
    world.later(seconds=61)
    with world.read() as unit:
        assert room.room_for(unit, world.project, world.settings.projects["animals"].policy) == 0


def test_answers_about_ones_own_label_are_work_too(build: Build) -> None:
    world = build(review={"rule": "shares"})
    world.some_right()
    world.wrong("odd", given="cat", truly="dog", by="ann")
    world.settle()
    world.answer("odd", "ann", "dog")
    world.later(seconds=61)
    with world.read() as unit:
        assert [who for who, _ in unit.votes.newest(world.project.id, 10)] == ["ann"]
