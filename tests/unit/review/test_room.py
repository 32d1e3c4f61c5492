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
from workers.review.room import LEAST_OPEN, answers_an_hour, most_open

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


def test_the_budget_is_never_exceeded(build: Build) -> None:
    world = build()
    with world.read() as unit:
        policy = PolicySettings(budget=7, open_hours=1.0)
        assert most_open(unit, world.project, policy) == 7
        assert most_open(unit, world.project, PolicySettings()) == LEAST_OPEN
