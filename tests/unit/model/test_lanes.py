"""Which jobs are equal, and which wait for each other."""

from __future__ import annotations

from connector.model.jobs import JobKind
from connector.model.lanes import LANES, job


def test_equal_jobs_share_a_key_and_others_do_not() -> None:
    one, two = {"correction": "c1"}, {"correction": "c2"}

    assert job(JobKind.SYNC, 1).key == job(JobKind.SYNC, 1).key
    assert job(JobKind.SYNC, 1).key != job(JobKind.SYNC, 2).key
    assert job(JobKind.WRITEBACK, 1, one).key != job(JobKind.WRITEBACK, 1, two).key
    assert job(JobKind.REVERT, 1, one | {"actor": "a"}).key == job(JobKind.REVERT, 1, one).key


def test_a_full_sync_is_not_taken_for_the_small_one_that_waits() -> None:
    assert job(JobKind.SYNC, 1, {"full": True}).key != job(JobKind.SYNC, 1, {"full": False}).key


def test_every_kind_has_a_lane() -> None:
    assert set(LANES) == set(JobKind)


def test_what_writes_to_the_source_project_waits_for_each_other() -> None:
    writing = {job(kind, 1).lane for kind in (JobKind.WRITEBACK, JobKind.REVERT, JobKind.GUIDELINES)}

    assert len(writing) == 1


def test_projects_do_not_wait_for_each_other() -> None:
    assert not {job(kind, 1).lane for kind in JobKind} & {job(kind, 2).lane for kind in JobKind}
