"""What goes wrong between processes: lost and doubled webhooks, a flushed broker, a clock that is off."""

from __future__ import annotations

import pytest

from connector.errors import Retryable
from connector.model import IssueState
from connector.model.jobs import JobKind, JobState
from connector.model.lanes import job as plan_job
from tests.support.world import World
from workers.service.runner import run
from workers.service.sweep import sweep

POLL = 61.0
SIX_HOURS = 6 * 3600.0 + 1


@pytest.fixture
def asking(world: World) -> World:
    """One question stands in the review project, and webhooks are registered."""
    world.some_right()
    world.wrong("odd")
    world.settle()
    world.server.deliveries.clear()
    return world


def test_a_webhook_brings_answers_without_waiting_for_the_next_poll(asking: World) -> None:
    asking.agree("odd", "dog")

    asking.deliver()
    asking.settle()

    assert asking.labels("odd") == [("ann", "cat"), ("service", "dog")]


def test_lost_webhooks_cost_time_and_nothing_else(asking: World) -> None:
    asking.agree("odd", "dog")
    asking.relabel("bird 0", "dog", by="bob")
    asking.server.deliveries.clear()

    asking.later(seconds=POLL)

    assert asking.labels("odd") == [("ann", "cat"), ("service", "dog")]
    with asking.read() as unit:
        found = {one.label for one in unit.items.labelled(asking.project.id) if one.label == "dog"}
    assert found == {"dog"}


def test_webhooks_that_come_three_times_count_once(asking: World) -> None:
    asking.agree("odd", "dog")

    assert asking.deliver(times=3) == 6
    asking.settle()
    asking.deliver(times=3)
    asking.settle()

    assert asking.labels("odd") == [("ann", "cat"), ("service", "dog")]
    assert len(asking.votes("odd")) == 2
    assert len(asking.audit("vote.given")) == 2
    assert len(asking.audit("correction.applied")) == 1


def test_a_flushed_broker_loses_nothing(asking: World) -> None:
    asking.agree("odd", "dog")
    asking.deliver()
    asking.queue.messages.clear()

    asking.settle()

    assert asking.labels("odd") == [("ann", "cat"), ("service", "dog")]


def test_a_message_that_comes_twice_runs_its_job_once(asking: World) -> None:
    job_id = asking.enqueue(JobKind.SYNC)

    assert [run(asking.services, job_id), run(asking.services, job_id)] == [True, False]


def test_two_schedulers_make_no_double_work(world: World) -> None:
    world.some_right()
    sweep(world.services)
    sweep(world.services)

    world.settle()

    assert world.jobs_made(JobKind.SYNC) == 1
    assert world.scan_count() == 1


def test_our_own_writes_come_back_as_webhooks_and_start_nothing(asking: World) -> None:
    asking.agree("odd", "dog")
    asking.deliver()
    asking.settle()
    own = [body for url, _, body in asking.server.deliveries if b'"own": true' in body]

    stored = asking.deliver()

    assert own
    assert stored == 0
    assert asking.project.changes_since_scan == 0


def test_a_clock_set_back_an_hour_does_not_stop_the_periodic_work(asking: World) -> None:
    asking.clock.advance(hours=-1)
    asking.agree("odd", "dog")
    asking.server.deliveries.clear()

    asking.settle()

    assert asking.labels("odd") == [("ann", "cat"), ("service", "dog")]


def test_a_clock_set_forward_an_hour_changes_nothing(asking: World) -> None:
    asking.clock.advance(hours=1)
    asking.agree("odd", "dog")
    asking.later(seconds=POLL)

    assert asking.labels("odd") == [("ann", "cat"), ("service", "dog")]
    assert asking.audit_faults() == []


def test_a_worker_whose_clock_runs_ahead_loses_its_job_and_commits_nothing(asking: World) -> None:
    """Another worker takes the job while the first one, alive, is in the middle of it."""
    first = asking.services.store.claim(asking.enqueue(JobKind.COLLECT))
    assert first is not None
    asking.clock.advance(seconds=asking.settings.worker.lease_seconds + 1)

    asking.settle()

    assert not asking.services.store.heartbeat(first)
    assert asking.jobs(JobState.RUNNING) == []


def test_deletions_that_no_webhook_told_of_are_found_by_comparing_ids(asking: World) -> None:
    item_id = asking.held("odd").item.remote_id
    asking.server.delete_item(asking.source_id, item_id)
    asking.server.deliveries.clear()

    asking.later(seconds=SIX_HOURS)

    assert asking.issue("odd").state is IssueState.STALE
    assert asking.asked() == []


def test_an_answer_given_while_answers_are_read_is_read_the_next_time(asking: World) -> None:
    asking.answer("odd", "rita", "dog")
    asking.server.meanwhile("answers_since", lambda: asking.answer("odd", "ravi", "dog"))

    asking.do(JobKind.COLLECT)
    asking.settle()
    asking.later(seconds=POLL)

    assert [vote.counted for vote in asking.votes("odd")] == [True, True]


def test_the_loop_goes_on_after_the_platform_was_away_for_an_hour(asking: World) -> None:
    asking.agree("odd", "dog")
    away = asking.clock.now().timestamp() + 3600
    while asking.clock.now().timestamp() < away:
        fail_all(asking)
        asking.clock.advance(seconds=300)
        sweep(asking.services)
        asking.run_messages()
    asking.server._faults.clear()

    asking.later(seconds=700)

    assert asking.labels("odd") == [("ann", "cat"), ("service", "dog")]


def fail_all(world: World) -> None:
    for operation in ("describe", "answers_since", "fetch", "write", "item_refs", "ensure_webhook"):
        world.server.fail(operation, Retryable("no connection"), times=1000)


def test_done_work_is_forgotten_after_a_month_and_given_up_work_is_not(asking: World) -> None:
    asking.deliver()
    asking.settle()
    with asking.services.store.begin() as unit:
        job_id = unit.enqueue(plan_job(JobKind.HOOKS, asking.project.id))
    claim = asking.services.store.claim(job_id or "")
    assert claim is not None
    with asking.services.store.begin() as unit:
        unit.jobs.bury(claim, "refused")
    old = {one.id for one in asking.jobs(JobState.DONE)}

    asking.clock.advance(days=31)
    sweep(asking.services)

    assert old.isdisjoint(one.id for one in asking.jobs(JobState.DONE))
    assert [one.id for one in asking.jobs(JobState.DEAD)] == [job_id]
