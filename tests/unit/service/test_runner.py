"""What becomes of a job that is run: done, tried again, given up, paused, or left to another worker."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from connector.errors import Conflict, LeaseLost, Misconfigured, Rejected, Retryable, UnknownOutcome
from connector.model import CorrectionState
from connector.model.jobs import JobKind, JobState
from connector.model.lanes import job as plan_job
from tests.support.world import Killed, World
from workers.service.runner import run, run_inline
from workers.service.sweep import sweep

Build = Callable[..., World]
TOKEN = Misconfigured("HTTP 401", field="token", remedy="Put a valid token there.")


@pytest.fixture
def synced(world: World) -> World:
    world.some_right()
    world.settle()
    return world


def run_sync(world: World, error: Exception | None = None) -> str:
    """Run a sync whose first call fails with the error; the job's id."""
    if error is not None:
        world.server.fail("describe", error)
    job_id = world.enqueue(JobKind.SYNC)
    assert run(world.services, job_id)
    return job_id


def state_of(world: World, job_id: str) -> JobState:
    with world.read() as unit:
        found = unit.jobs.get(job_id)
    assert found is not None
    return found.state


def test_a_job_that_succeeds_is_done(synced: World) -> None:
    assert state_of(synced, run_sync(synced)) is JobState.DONE


def test_a_webhook_is_heard_before_a_scan_that_was_announced_earlier(synced: World) -> None:
    scan = synced.enqueue(JobKind.SCAN)
    synced.relabel("cat 0", "dog")
    synced.deliver()
    before = len(synced.points.passed)

    assert run(synced.services, scan)

    claims = [name for name in synced.points.passed[before:] if name.startswith("claimed")]
    assert claims == ["claimed ingest", "claimed scan"]
    assert synced.labels("cat 0")[0][1] == "dog"


def test_a_job_that_is_not_due_is_not_run(synced: World) -> None:
    job_id = run_sync(synced, Retryable("busy"))

    assert not run(synced.services, job_id)


@pytest.mark.parametrize("error", [Retryable("busy"), UnknownOutcome("timeout"), KeyError("a bug")])
def test_what_may_pass_is_queued_again_with_its_reason(synced: World, error: Exception) -> None:
    run_sync(synced, error)

    (waiting,) = [one for one in synced.jobs(JobState.QUEUED) if one.kind == "sync"]
    assert waiting.due_at > synced.clock.now()
    assert str(error.args[0]) in str(waiting.error)


def test_a_wait_that_the_platform_asked_for_is_kept(synced: World) -> None:
    run_sync(synced, Retryable("busy", after=100.0))

    (waiting,) = [one for one in synced.jobs(JobState.QUEUED) if one.kind == "sync"]
    assert (waiting.due_at - synced.clock.now()).total_seconds() >= 100


@pytest.mark.parametrize("error", [Rejected("HTTP 400"), Conflict("HTTP 409")])
def test_what_was_refused_is_a_dead_letter_that_a_person_can_replay(synced: World, error: Exception) -> None:
    job_id = run_sync(synced, error)
    assert state_of(synced, job_id) is JobState.DEAD

    with synced.services.store.begin() as unit:
        assert unit.jobs.replay(job_id)
    synced.settle()

    assert state_of(synced, job_id) is JobState.DONE


def test_after_its_last_try_a_job_is_given_up(build: Build) -> None:
    world = build(worker={"max_attempts": 3})
    world.server.fail("describe", Retryable("busy"), times=3)
    job_id = world.enqueue(JobKind.SYNC)

    for _ in range(3):
        assert run(world.services, job_id)
        world.clock.advance(hours=1)

    assert state_of(world, job_id) is JobState.DEAD


def test_a_job_that_kills_its_workers_is_given_up_too(build: Build) -> None:
    """Out of memory, for example: no error is ever seen, only workers that die."""
    world = build(worker={"max_attempts": 3})
    job_id = world.enqueue(JobKind.SYNC)

    for _ in range(3):
        world.points.strike(1, Killed())
        with pytest.raises(Killed):
            run(world.services, job_id)
        world.restart()
        world.clock.advance(seconds=world.settings.worker.lease_seconds + 1)
    assert run(world.services, job_id)

    (dead,) = world.jobs(JobState.DEAD)
    assert "3 workers that ran this job ended" in str(dead.error)


def test_a_setting_to_be_corrected_pauses_the_project_and_success_ends_the_pause(synced: World) -> None:
    run_sync(synced, TOKEN)
    assert synced.project.paused_reason == "projects.animals.token: HTTP 401. Put a valid token there."

    synced.later(seconds=601)

    assert synced.project.paused_reason is None
    assert len(synced.audit("project.resumed")) == 1


def test_other_jobs_that_succeed_do_not_hide_the_pause(synced: World) -> None:
    synced.server.fail("describe", TOKEN, times=3)
    run_sync(synced)

    synced.do(JobKind.RECONCILE)
    synced.do(JobKind.SCAN)

    assert synced.project.paused_reason is not None
    assert synced.audit("project.resumed") == []


def test_a_setting_to_be_corrected_uses_up_no_tries(build: Build) -> None:
    world = build(worker={"max_attempts": 2})
    world.server.fail("describe", TOKEN, times=5)
    job_id = world.enqueue(JobKind.SYNC)

    for _ in range(6):
        assert run(world.services, job_id)
        world.clock.advance(hours=1)

    assert state_of(world, job_id) is JobState.DONE


def test_a_worker_that_lost_its_lease_commits_nothing_and_leaves_the_job_to_the_other(synced: World) -> None:
    synced.item("late", "cat")

    def another_takes_it() -> None:
        synced.clock.advance(seconds=synced.settings.worker.lease_seconds + 1)
        with synced.services.store.begin() as unit:
            unit.jobs.requeue_expired(timedelta(seconds=60))

    synced.server.meanwhile("changes_since", another_takes_it)
    job_id = run_sync(synced)

    assert state_of(synced, job_id) is JobState.QUEUED
    with synced.read() as unit:
        assert unit.items.count(synced.project.id) == 6, "nothing of the first worker's page"
    synced.settle()
    with synced.read() as unit:
        assert unit.items.count(synced.project.id) == 7


def test_a_lost_lease_raised_by_a_handler_changes_nothing(synced: World) -> None:
    job_id = run_sync(synced, LeaseLost("gone"))

    assert state_of(synced, job_id) is JobState.RUNNING, "whose it is now is not ours to say"


def test_a_database_that_does_not_answer_at_the_end_leaves_the_job_to_its_lease(synced: World) -> None:
    run_id = synced.enqueue(JobKind.RECONCILE)
    passed = len(synced.points.passed)
    run(synced.services, run_id)
    commits = [n for n, name in enumerate(synced.points.passed[passed:]) if name == "commit"]
    again = synced.enqueue(JobKind.RECONCILE)

    synced.points.strike(commits[-1], Retryable("locked"))
    assert run(synced.services, again)

    assert state_of(synced, again) is JobState.RUNNING
    synced.settle()
    assert state_of(synced, again) is JobState.DONE


def test_the_end_of_a_job_announces_the_next_one_of_its_lane(synced: World) -> None:
    first, second = synced.enqueue(JobKind.SYNC), synced.enqueue(JobKind.RECONCILE)
    synced.queue.messages.clear()

    run(synced.services, first)

    assert second in synced.queue.messages


def test_a_job_of_a_project_that_is_configured_no_more_waits(synced: World) -> None:
    job_id = synced.enqueue(JobKind.SYNC)
    synced.services.settings = synced.settings.model_copy(update={"projects": {}})

    assert run(synced.services, job_id)

    with synced.read() as unit:
        found = unit.jobs.get(job_id)
    assert found is not None
    assert found.state is JobState.QUEUED
    assert "no project of this name is configured" in str(found.error)


# --- in the foreground -----------------------------------------------------------------------


def test_a_command_gets_the_summary_and_the_progress(synced: World) -> None:
    seen: list[tuple[Any, ...]] = []

    done = run_inline(
        synced.services, "animals", JobKind.SYNC, {"full": True}, lambda *said: seen.append(said)
    )

    assert done.summary["seen"] == 6
    assert seen[-1][0] == 6


def test_a_command_gets_the_error_and_the_job_waits_for_the_workers(synced: World) -> None:
    synced.server.fail("describe", Retryable("busy"))

    with pytest.raises(Retryable, match="busy"):
        synced.do(JobKind.SYNC)

    assert [one.kind for one in synced.jobs(JobState.QUEUED)] == ["sync"]


def test_a_command_makes_a_waiting_job_due_instead_of_adding_one(synced: World) -> None:
    run_sync(synced, Retryable("busy", after=400))

    synced.do(JobKind.SYNC)

    assert synced.jobs(JobState.QUEUED) == []


def test_a_command_does_not_wait_for_a_busy_lane_for_ever(synced: World) -> None:
    assert synced.services.store.claim(synced.enqueue(JobKind.SYNC))

    with pytest.raises(Retryable, match="another worker is busy"):
        run_inline(synced.services, "animals", JobKind.RECONCILE, wait_seconds=0)


def test_a_full_sync_is_full_even_where_a_small_one_waits(synced: World) -> None:
    run_sync(synced, Retryable("busy", after=400))

    assert synced.do(JobKind.SYNC, {"full": True})["seen"] == 6


def test_a_command_that_undoes_one_correction_does_not_run_the_waiting_undo_of_another(world: World) -> None:
    world.some_right()
    world.wrong("odd")
    world.wrong("even", given="bird", truly="cat")
    world.settle()
    world.agree("odd", "dog")
    world.agree("even", "cat")
    world.later(seconds=61)
    world.server.fail("revert", Retryable("busy"))
    with pytest.raises(Retryable):
        world.revert(world.corrected("odd").id)

    assert world.revert(world.corrected("even").id)["restored"] == "bird"

    assert world.corrected("even").state is CorrectionState.REVERTED
    world.settle()
    assert world.corrected("odd").state is CorrectionState.REVERTED


# --- the sweep -------------------------------------------------------------------------------


def test_before_the_first_sync_nothing_else_is_planned(world: World) -> None:
    sweep(world.services)

    assert [one.kind for one in world.jobs(JobState.QUEUED)] == ["sync"]


def test_a_tick_plans_what_is_due_and_no_more(synced: World) -> None:
    sweep(synced.services)
    assert synced.jobs(JobState.QUEUED) == []

    synced.clock.advance(seconds=61)
    sweep(synced.services)
    assert {one.kind for one in synced.jobs(JobState.QUEUED)} == {"sync"}

    synced.settle()
    synced.clock.advance(hours=25)
    sweep(synced.services)
    planned = {one.kind for one in synced.jobs(JobState.QUEUED)}
    assert planned == {"sync", "reconcile", "scan", "hooks"}


def test_without_webhooks_none_are_checked(build: Build) -> None:
    world = build(sync={"webhooks": False})

    world.settle()

    assert world.jobs_made(JobKind.HOOKS) == 0


def test_a_lost_message_is_sent_again_after_a_while(synced: World) -> None:
    job_id = synced.enqueue(JobKind.SCAN)
    sweep(synced.services)
    synced.queue.messages.clear()

    sweep(synced.services)
    assert job_id not in synced.queue.messages, "it may still be on its way"
    synced.clock.advance(seconds=31)
    sweep(synced.services)
    assert job_id in synced.queue.messages


def test_the_job_of_a_silent_worker_is_queued_again(synced: World) -> None:
    job_id = synced.enqueue(JobKind.SCAN)
    assert synced.services.store.claim(job_id)
    synced.clock.advance(seconds=synced.settings.worker.lease_seconds + 1)

    sweep(synced.services)

    assert state_of(synced, job_id) is JobState.QUEUED


def test_work_that_was_refused_is_not_tried_again_at_every_tick(synced: World) -> None:
    synced.server.fail("describe", Rejected("HTTP 400"), times=100)
    for _ in range(60):
        synced.clock.advance(seconds=5 if synced.jobs(JobState.DEAD) else 61)
        sweep(synced.services)
        synced.run_messages()

    assert len(synced.jobs(JobState.DEAD)) == 1


def test_work_that_was_refused_is_tried_again_later(synced: World) -> None:
    synced.clock.advance(seconds=61)
    synced.server.fail("describe", Rejected("HTTP 400"))
    sweep(synced.services)
    synced.run_messages()
    synced.item("new", "cat")

    synced.later(seconds=700)

    with synced.read() as unit:
        assert unit.items.count(synced.project.id) == 7


@pytest.mark.parametrize("state", [CorrectionState.PENDING, CorrectionState.REVERTING])
def test_a_correction_whose_job_was_given_up_is_looked_after(world: World, state: CorrectionState) -> None:
    world.some_right()
    world.wrong("odd")
    world.settle()
    world.agree("odd", "dog")
    if state is CorrectionState.REVERTING:
        world.later(seconds=61)
        world.ask_revert(world.corrected("odd").id)
    else:
        world.server.fail("prepare", Retryable("away"), times=8)

    world.later(seconds=61)
    world.later(seconds=3600)

    done = CorrectionState.REVERTED if state is CorrectionState.REVERTING else CorrectionState.APPLIED
    assert world.corrected("odd").state is done


def test_a_project_bound_to_another_remote_project_is_left_out_and_the_tick_goes_on(synced: World) -> None:
    other = synced.settings.projects["animals"].model_copy(update={"project": 77})
    synced.services.settings = synced.settings.model_copy(update={"projects": {"animals": other}})
    synced.clock.advance(seconds=61)

    sweep(synced.services)

    assert synced.jobs(JobState.QUEUED) == []
    with synced.read() as unit:
        assert unit.facts.get("last_tick") == synced.clock.now().isoformat()


def test_ticks_doubled_plan_a_job_once(synced: World) -> None:
    synced.clock.advance(seconds=61)
    for _ in range(3):
        sweep(synced.services)

    assert [one.kind for one in synced.jobs(JobState.QUEUED)] == ["sync"]


def test_equal_jobs_wait_only_once(synced: World) -> None:
    with synced.services.store.begin() as unit:
        made = [unit.enqueue(plan_job(JobKind.SCAN, 1)) for _ in range(3)]

    assert [job_id is None for job_id in made] == [False, True, True]
