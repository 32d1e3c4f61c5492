"""A platform that is away for longer than all retries: nothing is given up, and all goes on soon after."""

from __future__ import annotations

from connector.errors import Rejected, UnknownOutcome
from connector.model import CorrectionState
from connector.model.jobs import JobKind, JobState
from connector.store.views.loop import project_views
from tests.support.world import NAME, World
from workers.service.sweep import sweep

TICK = 30.0


def pass_time(world: World, seconds: float) -> None:
    """The service at work, tick by tick."""
    for _ in range(int(seconds / TICK)):
        world.clock.advance(seconds=TICK)
        sweep(world.services)
        world.run_messages()


def away_since(world: World) -> object:
    with world.read() as unit:
        return project_views(unit, NAME)[0].away_since


def decided(world: World) -> None:
    """Two people have agreed on a correction, and another label is wrong that nobody was asked about."""
    world.some_right()
    world.wrong()
    world.settle()
    world.agree("odd", "dog")
    world.do(JobKind.COLLECT)
    world.do(JobKind.DECIDE)


def test_an_outage_longer_than_all_tries_buries_nothing_and_ends_in_a_minute(
    world: World,
) -> None:
    decided(world)
    world.wrong("second")
    world.server.away = True
    pass_time(world, 660)

    assert world.jobs(JobState.DEAD) == []
    assert world.labels("odd") == [("ann", "cat")]

    world.server.away = False
    pass_time(world, 60)
    assert world.corrected("odd").state is CorrectionState.APPLIED
    pass_time(world, 120)  # the scan is announced by the sync, the question by the scan
    assert "second" in world.asked()
    assert world.jobs(JobState.DEAD) == []


def test_an_answer_given_right_after_an_outage_is_collected_within_a_minute(world: World) -> None:
    world.some_right()
    world.wrong()
    world.settle()
    world.server.away = True
    pass_time(world, 900)
    world.server.away = False
    world.agree("odd", "dog")
    pass_time(world, 60)

    assert world.corrected("odd") is not None


def test_an_outage_is_shown_since_when_it_lasts_and_ends_with_the_first_answer(world: World) -> None:
    world.some_right()
    world.settle()
    assert away_since(world) is None
    world.server.away = True
    pass_time(world, 90)
    noticed = away_since(world)
    pass_time(world, 300)

    assert noticed is not None
    assert away_since(world) == noticed

    world.server.away = False
    pass_time(world, 60)
    assert away_since(world) is None


def test_work_that_needs_no_platform_does_not_end_an_outage(world: World) -> None:
    world.some_right()
    world.settle()
    world.server.away = True
    pass_time(world, 90)
    world.do(JobKind.DECIDE)

    assert away_since(world) is not None


def test_a_success_closes_what_was_given_up_before(world: World) -> None:
    world.some_right()
    world.settle()
    world.server.fail("describe", UnknownOutcome("HTTP 500"), times=world.settings.worker.max_attempts)
    world.later(seconds=61)
    pass_time(world, 660)

    assert world.jobs(JobState.DEAD) == []


def test_what_a_person_must_see_to_stays_while_nothing_like_it_succeeds(world: World) -> None:
    world.some_right()
    world.settle()
    world.server.fail("describe", Rejected("HTTP 400"))
    world.later(seconds=61)
    world.do(JobKind.DECIDE)

    assert [one.kind for one in world.jobs(JobState.DEAD)] == ["sync"]
