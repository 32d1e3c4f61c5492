"""How many controls the target still needs, and when they are asked."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.model import IssueKind
from connector.model.jobs import JobKind
from tests.support.world import CLASSES, World
from workers.consensus import exact_interval
from workers.review.quality.figures import figures
from workers.review.quality.needed import controls_needed

Build = Callable[..., World]


def shown_at(target: float) -> Callable[[int, int], bool]:
    return lambda wrong, n: float(exact_interval([wrong], [n]).high[0]) <= target


@pytest.mark.parametrize(("target", "all_right"), [(0.01, 368), (0.03, 122)])
def test_without_a_wrong_control_the_number_is_that_of_the_documentation(
    target: float, all_right: int
) -> None:
    assert controls_needed((0, 0), shown_at(target), most=5000) == all_right
    assert controls_needed((0, 100), shown_at(target), most=5000) == all_right - 100
    assert controls_needed((0, all_right), shown_at(target), most=5000) == 0


def test_where_too_many_are_wrong_or_too_few_are_left_no_number_shows_it() -> None:
    assert controls_needed((5, 50), shown_at(0.01), most=100_000) is None
    assert controls_needed((0, 10), shown_at(0.01), most=200) is None


@given(n=st.integers(0, 400), most=st.integers(0, 2000))
def test_the_number_suffices_and_one_fewer_does_not(n: int, most: int) -> None:
    more = controls_needed((0, n), shown_at(0.01), most=most)
    if more is None:
        assert not shown_at(0.01)(0, n + most)
    else:
        assert shown_at(0.01)(0, n + more)
        assert more == 0 or not shown_at(0.01)(0, n + more - 1)


def right_items(world: World, n: int) -> World:
    for label in CLASSES:
        for number in range(n):
            rest = {other: 0.05 for other in CLASSES if other != label}
            world.item(f"{label} {number}", label, **{label: 0.9, **rest})
    return world


def answered(world: World) -> World:
    for _ in range(6):
        world.review_round(("rita", "ravi"), lambda _who, text: {"label": text.split()[0]})
        world.later(seconds=61)
    return world


def n_controls(world: World) -> int:
    return sum(issue.kind is IssueKind.CONTROL for issue in world.issues())


@pytest.mark.parametrize("share", [0.3, 0.000001])  # with the small one the first scan draws none
def test_controls_alone_are_asked_until_the_target_is_shown(build: Build, share: float) -> None:
    world = build(policy={"control_share": share}, quality={"target_error_rate": 0.12})
    right_items(world, 30)
    world.wrong("dog odd", given="cat", truly="dog")
    world.wrong("dog odder", given="cat", truly="dog")
    world.settle()
    assert n_controls(world) < 5
    for _ in range(4):
        answered(world)
    with world.read() as unit:
        found = figures(unit, world.project, world.settings.projects["animals"].quality)
    assert found.clean_enough
    assert found.controls_needed == 0
    assert found.remaining == 0
    assert found.remaining_high < found.remaining_high_anytime < 1
    scans = world.scan_count()
    answered(world)
    assert world.scan_count() == scans  # shown: no more are drawn


def test_none_is_asked_by_itself_where_that_is_off_and_some_by_the_command(build: Build) -> None:
    world = build(policy={"control_share": 0.3}, quality={"target_error_rate": 0.12, "seek_target": False})
    right_items(world, 30)
    world.wrong("dog odd", given="cat", truly="dog")
    world.settle()
    answered(answered(world))
    before, scans = n_controls(world), world.scan_count()
    assert before < 5
    world.do(JobKind.SCAN, {"controls": 12})
    assert n_controls(world) == before + 12
    assert world.scan_count() == scans + 1
