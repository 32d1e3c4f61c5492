"""A clock that is set back: what was planned by the later one is done all the same."""

from __future__ import annotations

import pytest

from tests.support.world import World
from workers.service.sweep import sweep


@pytest.mark.parametrize("lost", ["message", "worker"])
def test_a_clock_that_is_set_back_an_hour_delays_nothing_for_long(world: World, lost: str) -> None:
    world.some_right()
    world.settle()
    world.clock.advance(hours=1, seconds=61)
    sweep(world.services)
    if lost == "worker":
        assert world.services.store.claim(world.queue.messages[0])
    world.queue.messages.clear()
    world.clock.advance(hours=-1)
    world.item("later", "cat", cat=0.9, dog=0.05, bird=0.05)
    for _ in range(10):
        world.clock.advance(seconds=30)
        sweep(world.services)
        world.run_messages()

    with world.read() as unit:
        assert unit.items.count(world.project.id) == 7
