"""A clock that is set back: what was planned by the later one is done all the same."""

from __future__ import annotations

import pytest

from connector.model import AuditTrigger
from connector.model.reasons import coded
from tests.support.world import World
from workers.service.sweep import sweep


@pytest.mark.parametrize("hours", [1, 24])
@pytest.mark.parametrize("lost", ["message", "worker"])
def test_a_clock_that_is_set_back_delays_nothing_for_long(
    world_on_each: World, lost: str, hours: float
) -> None:
    world = world_on_each
    world.some_right()
    world.settle()
    world.clock.advance(hours=hours, seconds=61)
    sweep(world.services)
    if lost == "worker":
        assert world.services.store.claim(world.queue.messages[0])
    world.queue.messages.clear()
    world.clock.advance(hours=-hours)
    world.item("later", "cat", cat=0.9, dog=0.05, bird=0.05)
    for _ in range(10):
        world.clock.advance(seconds=30)
        sweep(world.services)
        world.run_messages()

    with world.read() as unit:
        assert unit.items.count(world.project.id) == 7


def test_a_try_that_waits_does_not_wait_for_the_hour_that_the_clock_went_back(world: World) -> None:
    world.some_right()
    world.settle()
    world.clock.advance(hours=2)
    world.item("later", "cat", cat=0.9, dog=0.05, bird=0.05)
    world.server.away = True
    for _ in range(14):  # longer than the step of the clock: the job is not from its future
        world.clock.advance(seconds=300)
        sweep(world.services)
        world.run_messages()
    world.server.away = False
    world.clock.advance(hours=-1)
    for _ in range(3):
        sweep(world.services)
        world.run_messages()
        world.clock.advance(seconds=30)

    with world.read() as unit:
        assert unit.items.count(world.project.id) == 7


def test_a_report_that_was_wanted_by_the_later_clock_is_made(world: World) -> None:
    world.some_right()
    world.settle()
    world.clock.advance(hours=1)
    with world.services.store.begin() as unit:
        unit.audits.want(world.project.id, AuditTrigger.PERSON, coded(AuditTrigger.PERSON))
    world.clock.advance(hours=-1)
    world.settle()

    with world.read() as unit:
        assert unit.audits.wanted(world.project.id) is None
