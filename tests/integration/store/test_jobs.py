"""Jobs as rows: one queued for each key, one running in each lane, each run by one worker."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.errors import LeaseLost, Misconfigured
from connector.model.jobs import Claim, JobKind, JobState
from connector.store.repositories.jobs import ERROR_CHARS, MOST_DEATHS
from tests.integration.store.house import LEASE, House, new_job

RESEND = timedelta(seconds=120)


def claimed(house: House, **how: object) -> Claim:
    job_id = house.enqueue(**how)
    assert job_id is not None
    claim = house.store.claim(job_id)
    assert claim is not None
    return claim


def state(house: House, job_id: str) -> JobState:
    with house.store.read() as unit:
        job = unit.jobs.get(job_id)
    assert job is not None
    return job.state


def due(house: House) -> list[str]:
    with house.store.begin() as unit:
        return unit.jobs.due(RESEND)


def test_a_job_is_stored_with_all_it_needs(house: House) -> None:
    job_id = house.enqueue(kind=JobKind.WRITEBACK, payload={"correction": "c"}, key="k", lane="l")
    with house.store.read() as unit:
        job = unit.jobs.get(job_id or "")
    assert job is not None
    assert (job.kind, job.payload, job.key, job.lane) == (JobKind.WRITEBACK, {"correction": "c"}, "k", "l")
    assert (job.state, job.attempts, job.due_at) == (JobState.QUEUED, 0, house.clock.now())


def test_a_key_is_queued_once(house: House) -> None:
    first = house.enqueue(key="sync:1")
    assert first is not None
    assert house.enqueue(key="sync:1") is None
    assert house.enqueue(key="sync:2") is not None
    with house.store.read() as unit:
        assert unit.jobs.queued("sync:1") == first


def test_jobs_without_a_key_are_never_the_same(house: House) -> None:
    assert None not in {house.enqueue(), house.enqueue()}


def test_while_a_job_runs_an_equal_one_may_wait(house: House) -> None:
    claimed(house, key="sync:1")
    assert house.enqueue(key="sync:1") is not None
    assert house.enqueue(key="sync:1") is None


def test_a_job_is_claimed_once(house: House) -> None:
    claim = claimed(house)
    assert (claim.job.state, claim.job.attempts) == (JobState.RUNNING, 1)
    assert house.store.claim(claim.job.id) is None


def test_a_job_that_is_not_due_is_not_claimed(house: House) -> None:
    job_id = house.enqueue(due_at=house.clock.now() + timedelta(minutes=5)) or ""
    assert house.store.claim(job_id) is None
    house.clock.advance(minutes=5)
    assert house.store.claim(job_id) is not None


def test_hastening_makes_a_later_job_due_now(house: House) -> None:
    job_id = house.enqueue(due_at=house.clock.now() + timedelta(minutes=5)) or ""
    with house.store.begin() as unit:
        unit.jobs.hasten(job_id)
    assert house.store.claim(job_id) is not None


def test_a_lane_runs_one_job_at_a_time(house: House) -> None:
    first = claimed(house, lane="source:1")
    second = house.enqueue(lane="source:1") or ""
    elsewhere = house.enqueue(lane="source:2") or ""
    assert house.store.claim(second) is None
    assert house.store.claim(elsewhere) is not None
    with house.store.begin() as unit:
        unit.jobs.finish(first)
        assert unit.jobs.next_in_lane("source:1") == second
    assert house.store.claim(second) is not None


def test_the_oldest_due_job_is_next_in_its_lane(house: House) -> None:
    later = house.clock.now() + timedelta(hours=1)
    house.enqueue(lane="l", due_at=later)
    old = house.enqueue(lane="l")
    house.clock.advance(seconds=1)
    house.enqueue(lane="l")
    with house.store.read() as unit:
        assert unit.jobs.next_in_lane("l") == old
        assert unit.jobs.next_in_lane("empty") is None
        assert unit.jobs.next_in_lane(None) is None


def test_a_finished_job_is_done_and_stays_done(house: House) -> None:
    claim = claimed(house)
    with house.store.begin() as unit:
        unit.jobs.finish(claim)
    assert state(house, claim.job.id) is JobState.DONE
    assert house.store.claim(claim.job.id) is None
    assert due(house) == []


def test_a_job_to_retry_comes_back_when_it_is_due(house: House) -> None:
    claim = claimed(house, lane="l", key="k")
    with house.store.begin() as unit:
        unit.jobs.retry(claim, house.clock.now() + timedelta(minutes=1), "x" * 3 * ERROR_CHARS)
    assert house.store.claim(claim.job.id) is None
    house.clock.advance(minutes=1)
    again = house.store.claim(claim.job.id)
    assert again is not None
    assert again.job.attempts == 2
    assert again.job.error == "x" * ERROR_CHARS


def test_a_try_that_does_not_count_is_not_counted(house: House) -> None:
    claim = claimed(house)
    with house.store.begin() as unit:
        unit.jobs.retry(claim, house.clock.now(), "paused", counts=False)
    again = house.store.claim(claim.job.id)
    assert again is not None
    assert again.job.attempts == 1


def test_a_job_to_retry_leaves_the_work_to_an_equal_one_that_waits(house: House) -> None:
    claim = claimed(house, key="k", lane="l")
    twin = house.enqueue(key="k", lane="l") or ""
    with house.store.begin() as unit:
        unit.jobs.retry(claim, house.clock.now(), "y" * 3 * ERROR_CHARS)
    assert state(house, claim.job.id) is JobState.DONE
    assert house.store.claim(twin) is not None


def test_a_buried_job_waits_for_a_person(house: House) -> None:
    claim = claimed(house, key="k")
    with house.store.begin() as unit:
        unit.jobs.bury(claim, "refused")
    house.clock.advance(days=1)
    assert due(house) == []
    with house.store.begin() as unit:
        [dead] = unit.jobs.dead(house.project)
        assert (dead.id, dead.error) == (claim.job.id, "refused")
        assert unit.jobs.replay(claim.job.id)
    again = house.store.claim(claim.job.id)
    assert again is not None
    assert again.job.attempts == 1


def test_only_dead_jobs_are_replayed(house: House) -> None:
    job_id = house.enqueue() or ""
    with house.store.begin() as unit:
        assert not unit.jobs.replay(job_id)
        assert not unit.jobs.replay("no such job")
    assert state(house, job_id) is JobState.QUEUED


def test_a_replayed_job_leaves_the_work_to_an_equal_one_that_waits(house: House) -> None:
    claim = claimed(house, key="k")
    with house.store.begin() as unit:
        unit.jobs.bury(claim, "refused")
    house.enqueue(key="k")
    with house.store.begin() as unit:
        assert unit.jobs.replay(claim.job.id)
    assert state(house, claim.job.id) is JobState.DONE


def test_a_silent_worker_loses_its_job(house: House) -> None:
    claim = claimed(house, lane="l", key="k")
    house.clock.advance(seconds=LEASE.total_seconds() + 1)
    again = house.store.claim(claim.job.id)  # claiming requeues what has expired
    assert again is not None
    assert again.job.attempts == 2
    assert not house.store.heartbeat(claim)
    assert house.store.heartbeat(again)


def test_a_heartbeat_keeps_the_job(house: House) -> None:
    claim = claimed(house)
    for _ in range(3):
        house.clock.advance(seconds=LEASE.total_seconds() - 1)
        assert house.store.heartbeat(claim)
    assert house.store.claim(claim.job.id) is None


def test_every_commit_keeps_the_job_by_the_clock_of_its_end(house: House) -> None:
    """A long transaction must not set the lease back to the time when it began."""
    claim = claimed(house)
    with house.store.begin(claim):
        house.clock.advance(seconds=LEASE.total_seconds() - 1)
    house.clock.advance(seconds=LEASE.total_seconds() - 1)
    assert house.store.claim(claim.job.id) is None


def test_an_expired_job_leaves_the_work_to_an_equal_one_that_waits(house: House) -> None:
    claim = claimed(house, key="k")
    twin = house.enqueue(key="k") or ""
    house.clock.advance(seconds=LEASE.total_seconds() + 1)
    with house.store.begin() as unit:
        assert unit.jobs.requeue_expired(timedelta(seconds=60)) == 1
    assert state(house, claim.job.id) is JobState.DONE
    assert house.store.claim(twin) is not None


def test_a_job_that_kills_its_workers_is_given_up(house: House) -> None:
    job_id = house.enqueue() or ""
    for _ in range(MOST_DEATHS):
        assert house.store.claim(job_id) is not None
        house.clock.advance(seconds=LEASE.total_seconds() + 1)
    assert house.store.claim(job_id) is None
    assert state(house, job_id) is JobState.DEAD


def test_due_jobs_are_announced_again_only_after_a_while(house: House) -> None:
    now = house.enqueue() or ""
    later = house.enqueue(due_at=house.clock.now() + timedelta(seconds=90)) or ""
    assert due(house) == [now]
    assert due(house) == []
    house.clock.advance(seconds=100)
    assert due(house) == [later]
    house.clock.advance(seconds=21)
    assert due(house) == [now]


def test_a_worker_whose_lease_was_taken_commits_nothing(house: House) -> None:
    lost = claimed(house)
    house.clock.advance(seconds=LEASE.total_seconds() + 1)
    assert house.store.claim(lost.job.id) is not None
    house.announced.clear()

    def work_on() -> None:
        with house.store.begin(lost) as unit:
            unit.projects.pause(house.project, "written by the wrong worker")
            unit.audit.append("secondlook", "test", "x", {})
            unit.enqueue(new_job(house.project, JobKind.SCAN))

    with pytest.raises(LeaseLost):
        work_on()
    assert house.announced == []
    with house.store.read() as unit:
        assert unit.projects.get(house.project).paused_reason is None
        assert unit.audit.head()[0] == 0
        assert unit.jobs.unfinished(house.project) == 1


def test_a_worker_whose_lease_was_taken_does_not_settle_the_job(house: House) -> None:
    lost = claimed(house)
    house.clock.advance(seconds=LEASE.total_seconds() + 1)
    assert house.store.claim(lost.job.id) is not None
    for ending in ("finish", "retry", "bury"):
        with house.store.begin() as unit:
            arguments = {"finish": (), "retry": (house.clock.now(), "no"), "bury": ("no",)}[ending]
            getattr(unit.jobs, ending)(lost, *arguments)
        assert state(house, lost.job.id) is JobState.RUNNING


def test_jobs_are_counted_by_state(house: House) -> None:
    claimed(house)
    house.enqueue()
    house.enqueue()
    with house.store.read() as unit:
        assert unit.jobs.counts() == {JobState.RUNNING: 1, JobState.QUEUED: 2}
        assert unit.jobs.unfinished(house.project) == 3


def test_short_jobs_that_are_due_come_before_a_long_one(house: House) -> None:
    scans = [house.enqueue(kind=JobKind.SCAN, key=f"scan:{n}", lane=f"scan:{n}") for n in range(200)]
    webhook, later = house.enqueue(kind=JobKind.INGEST), house.clock.now() + timedelta(seconds=5)
    house.enqueue(kind=JobKind.PUSH, due_at=later)
    answer = house.enqueue(kind=JobKind.COLLECT)
    with house.store.read() as unit:
        assert unit.jobs.short_before(scans[0] or "", 10) == [webhook, answer]
        assert unit.jobs.short_before(scans[0] or "", 1) == [webhook]
        assert unit.jobs.short_before(webhook or "", 10) == [], "a short one waits for none"
    house.store.claim(scans[1] or "")
    with house.store.read() as unit:
        assert unit.jobs.short_before(scans[1] or "", 10) == [], "a message that comes twice runs nothing"


def test_a_process_of_an_older_version_settles_nothing_on_a_database_of_a_newer_one(house: House) -> None:
    """As while replicas are replaced one by one: the first new one migrates, and others still run."""
    claim = house.store.claim(house.enqueue() or "")
    assert claim is not None
    house.store.require_known_schema()
    house.tamper("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(Misconfigured, match=r"newer version .*9999"):
        house.store.require_known_schema()
    assert not house.store.heartbeat(claim)
    with pytest.raises(LeaseLost), house.store.begin(claim) as unit:
        unit.facts.put("name", "by the older")
    with house.store.begin() as unit:
        unit.jobs.bury(claim, "a column of the newer version was missing")
        unit.jobs.finish(claim)
        assert unit.facts.get("name") is None
        assert unit.jobs.counts() == {JobState.RUNNING: 1}, "its lease ends, and a newer process takes it"
