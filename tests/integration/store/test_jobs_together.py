"""Workers, schedulers and webhooks that touch the same jobs at the same moment."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from connector.errors import LeaseLost
from connector.model.jobs import Claim, JobKind
from connector.store.engine import open_engine
from tests.integration.store.house import LEASE, House, in_thread, new_job, together, until_blocked
from tests.support.processes import ProcessPark

# Claims every job it can, and notes in the lane's own file that it is inside: a second one would see it.
WORKER = """
import os, sys, time
from datetime import timedelta
from pathlib import Path
from connector.wiring import SystemClock
from connector.store.engine import open_engine
from connector.store.unit_of_work import Store

url, pooler, folder = sys.argv[1], sys.argv[2] == "pooler", Path(sys.argv[3])
store = Store(open_engine(url, pooler=pooler), SystemClock(), lambda ids: None, timedelta(minutes=5))
waiting = sys.argv[4:]
while waiting:
    for job_id in list(waiting):
        claim = store.claim(job_id)
        if claim is None:
            with store.read() as unit:
                if unit.jobs.get(job_id).state != "queued":
                    waiting.remove(job_id)
            continue
        inside = folder / claim.job.lane
        inside.touch(exist_ok=False)
        with (folder / "ran").open("a") as ran:
            ran.write(job_id + "\\n")
        time.sleep(0.005)
        inside.unlink()
        with store.begin(claim) as unit:
            unit.projects.add_changes(claim.job.project_id, 1)
            unit.audit.append("worker", "ran", job_id, {"pid": os.getpid()})
        with store.begin() as unit:
            unit.jobs.finish(claim)
        waiting.remove(job_id)
"""


def test_one_of_many_workers_claims_a_job(house: House) -> None:
    job_id = house.enqueue() or ""
    claims = together(8, lambda _: house.store.claim(job_id))
    assert sorted(type(one).__name__ for one in claims) == ["Claim"] + ["NoneType"] * 7


def test_one_job_of_a_lane_is_claimed_by_many_workers(house: House) -> None:
    jobs = [house.enqueue(lane="source:1") or "" for _ in range(8)]
    claims = together(8, lambda index: house.store.claim(jobs[index]))
    assert sum(isinstance(one, Claim) for one in claims) == 1
    assert sum(one is None for one in claims) == 7


def test_one_of_many_equal_jobs_is_queued(house: House) -> None:
    queued = together(8, lambda _: house.enqueue(key="sync:1"))
    assert sum(isinstance(one, str) for one in queued) == 1
    assert sum(one is None for one in queued) == 7


def test_one_of_many_claimants_takes_over_an_expired_job(house: House) -> None:
    lost = house.store.claim(house.enqueue(key="k", lane="l") or "")
    assert lost is not None
    house.clock.advance(seconds=LEASE.total_seconds() + 1)
    claims = together(6, lambda _: house.store.claim(lost.job.id))
    assert sum(isinstance(one, Claim) for one in claims) == 1
    assert not any(isinstance(one, Exception) for one in claims)


def test_two_schedulers_announce_each_job_once(house: House) -> None:
    jobs = {house.enqueue() for _ in range(40)}

    def tick(_: int) -> list[str]:
        with house.store.begin() as unit:
            return unit.jobs.due(timedelta(minutes=2))

    found = [job_id for one in together(4, tick) if isinstance(one, list) for job_id in one]
    assert sorted(found) == sorted(jobs)


def test_retrying_while_an_equal_job_comes_in_ends_with_one_of_them(house: House) -> None:
    for _ in range(5):
        claim = house.store.claim(house.enqueue(key="k", lane="l") or "")
        assert claim is not None

        def clash(index: int, mine: Claim = claim) -> None:
            if index:
                house.enqueue(key="k", lane="l")
                return
            with house.store.begin() as unit:
                unit.jobs.retry(mine, house.clock.now(), "again")

        assert together(3, clash) == [None] * 3
        with house.store.read() as unit:
            left = unit.jobs.queued("k") or ""
            assert unit.jobs.unfinished(house.project) == 1
        again = house.store.claim(left)
        assert again is not None
        with house.store.begin() as unit:
            unit.jobs.finish(again)


def test_a_worker_whose_job_is_taken_in_the_middle_of_a_transaction_commits_nothing(
    postgres_house: House,
) -> None:
    house = postgres_house
    slow = house.store.claim(house.enqueue() or "")
    assert slow is not None

    def work_too_long() -> None:
        with house.store.begin(slow) as unit:
            unit.projects.pause(house.project, "written by the wrong worker")
            house.clock.advance(seconds=LEASE.total_seconds() + 1)
            assert in_thread(lambda: house.store.claim(slow.job.id)).outcome() is not None

    with pytest.raises(LeaseLost):
        work_too_long()
    with house.store.read() as unit:
        assert unit.projects.get(house.project).paused_reason is None


def test_a_queued_job_that_stands_for_new_work_is_not_claimed_before_that_work_is_seen(
    postgres_house: House,
) -> None:
    """Else the job reads before our commit, and nothing comes after it: the work would be lost."""
    house = postgres_house
    queued = house.enqueue(kind=JobKind.GUIDELINES, key="guidelines:1") or ""
    with house.store.begin() as unit:
        unit.projects.pause(house.project, "the new work")
        assert unit.enqueue(new_job(house.project, JobKind.GUIDELINES, key="guidelines:1")) is None
        claiming = in_thread(lambda: house.store.claim(queued))
        until_blocked(house)
    assert claiming.outcome() is not None
    with house.store.read() as unit:
        assert unit.projects.get(house.project).paused_reason == "the new work"


def test_several_transactions_may_lean_on_one_queued_job_at_once(postgres_house: House) -> None:
    """Webhooks of one project share a job; none of them waits for another."""
    house = postgres_house
    house.enqueue(key="ingest:1")
    with house.store.begin() as outer:
        assert outer.enqueue(new_job(house.project, key="ingest:1")) is None
        assert in_thread(lambda: house.enqueue(key="ingest:1")).outcome() is None


def test_lanes_hold_between_processes(house: House, processes: ProcessPark, tmp_path: Path) -> None:
    script = tmp_path / "worker.py"
    script.write_text(WORKER)
    jobs = [house.enqueue(lane=f"lane-{n % 3}") or "" for n in range(24)]
    root = str(Path(open_engine.__code__.co_filename).parents[2])
    place = "pooler" if house.pooler else "direct"
    started = [
        processes.python(
            str(script), house.url, place, str(tmp_path), *jobs[n:], *jobs[:n], env={"PYTHONPATH": root}
        )
        for n in (0, 8, 16)
    ]
    for process in started:
        assert process.wait(120) == 0, process.output
    assert sorted((tmp_path / "ran").read_text().split()) == sorted(jobs)
    with house.store.read() as unit:
        assert unit.projects.get(house.project).changes_since_scan == 24
        assert unit.audit.head()[0] == 24
        assert list(unit.audit.verify()) == []
