"""Work that a person asks for: audited with the person, and all of it or none."""

from __future__ import annotations

import pytest

from connector.actions.jobs import ask_job, replay, replay_all
from connector.errors import NotFound, Rejected
from connector.model.jobs import JobKind, JobState
from tests.support.commands import command
from tests.support.world import NAME, World


@pytest.fixture
def given_up(world: World) -> str:
    world.some_right()
    world.settle()
    world.server.fail("describe", Rejected("no such project"))
    job_id = world.enqueue(JobKind.SYNC)
    world.run_messages()
    assert [job.id for job in world.jobs(JobState.DEAD)] == [job_id]
    return job_id


def test_a_replayed_job_is_audited_with_who_asked_and_is_done(world: World, given_up: str) -> None:
    with world.services.store.begin() as unit:
        assert replay(unit, [given_up], "web:ada") == [given_up]
    world.settle()

    assert world.jobs(JobState.DEAD) == []
    assert world.audit("job.replayed") == [("web:ada", given_up, {"kind": "sync"})]


def test_one_unknown_job_keeps_all_from_being_replayed(world: World, given_up: str) -> None:
    with pytest.raises(NotFound, match="none was replayed"), world.services.store.begin() as unit:
        replay(unit, [given_up, "unknown"], "web:ada")

    assert [job.id for job in world.jobs(JobState.DEAD)] == [given_up]
    assert world.audit("job.replayed") == []


def test_all_that_were_given_up_are_replayed(world: World, given_up: str) -> None:
    with world.services.store.begin() as unit:
        assert replay_all(unit, "web:ada") == [given_up]


def test_a_scan_that_is_asked_for_is_audited_and_waits_once(world: World) -> None:
    world.some_right()
    world.settle()
    for by in ("web:ada", "web:bo"):
        with world.services.store.begin() as unit:
            ask_job(unit, world.project, JobKind.SCAN, by)

    assert [job.kind for job in world.jobs(JobState.QUEUED)].count(JobKind.SCAN) == 1
    assert [actor for actor, _, _ in world.audit("scan.asked")] == ["web:ada", "web:bo"]


def test_controls_that_are_asked_for_are_not_lost_in_a_scan_that_waits(world: World) -> None:
    world.some_right()
    world.settle()
    with world.services.store.begin() as unit:
        ask_job(unit, world.project, JobKind.SCAN, "web:ada")
        ask_job(unit, world.project, JobKind.SCAN, "web:ada", controls=3)

    with world.services.store.read() as unit:
        waiting = [unit.jobs.queued(f"scan:{world.project.id}{which}") for which in ("", ":controls-3")]
    assert None not in waiting


def test_a_command_tells_no_worker_of_the_job_that_it_runs_itself(world: World) -> None:
    world.some_right()
    world.settle()
    scans = world.jobs_made(JobKind.SCAN)

    assert command(world, "scan", NAME) == 0

    assert world.jobs_made(JobKind.SCAN) == scans + 1
    assert len(world.audit("scan.asked")) == 1
    with world.read() as unit:
        announced = [unit.jobs.get(job_id) for job_id in world.queue.messages]
    assert JobKind.SCAN not in {one.kind for one in announced if one is not None}
