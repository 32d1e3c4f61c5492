"""A platform that was restored from an older backup."""

from __future__ import annotations

import copy

from connector.model.jobs import JobKind
from tests.support.world import World


def stored(world: World, item: str) -> list[str]:
    with world.read() as unit:
        ids = unit.items.ids_of([item], world.project.id)
        return [one.label for one in unit.items.labelled(world.project.id, ids)]


def test_a_full_pass_believes_what_a_restored_platform_says(world: World) -> None:
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
