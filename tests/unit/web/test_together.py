"""Entries that arrive together are stored together; none waits for another's fault."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import Rejected, Retryable
from connector.web.together import GroupCommit


class Disk:
    """Keeps what it stored, commit by commit, and waits for each until it is let go."""

    def __init__(self, *, held: bool = False) -> None:
        self.commits: list[list[int]] = []
        self.go_on = threading.Event()
        if not held:
            self.go_on.set()

    def store(self, entries: Sequence[int]) -> None:
        self.go_on.wait(10)
        if any(entry < 0 for entry in entries):
            raise Rejected("a negative entry cannot be stored")
        if any(entry > 99 for entry in entries):
            raise Retryable("away")
        self.commits.append([*entries])


def outcomes(disk: Disk, entries: Sequence[int]) -> list[object]:
    """What became of each entry, all added before the first commit ends."""

    async def add_all() -> list[object]:
        together = GroupCommit[int](disk.store)
        adding = [asyncio.create_task(together.add(entry)) for entry in entries]
        await asyncio.sleep(0.05 if not disk.go_on.is_set() else 0)
        disk.go_on.set()
        return [*await asyncio.gather(*adding, return_exceptions=True)]

    return asyncio.run(add_all())


def test_what_arrives_during_a_commit_is_stored_in_the_next_one() -> None:
    disk = Disk(held=True)
    assert outcomes(disk, range(50)) == [None] * 50
    assert sorted(entry for commit in disk.commits for entry in commit) == list(range(50))
    assert len(disk.commits) <= 2


def test_a_later_entry_is_stored_though_nobody_waited_before() -> None:
    async def twice() -> None:
        disk = Disk()
        together = GroupCommit[int](disk.store)
        await together.add(1)
        await together.add(2)
        assert disk.commits == [[1], [2]]

    asyncio.run(twice())


@given(st.lists(st.integers(-3, 90), max_size=30))
def test_an_entry_that_cannot_be_stored_spoils_no_other(entries: list[int]) -> None:
    disk = Disk()
    results = outcomes(disk, entries)
    assert [isinstance(result, Rejected) for result in results] == [entry < 0 for entry in entries]
    stored = sorted(entry for commit in disk.commits for entry in commit)
    assert stored == sorted(entry for entry in entries if entry >= 0)


def test_when_the_database_is_away_all_are_told_so_and_none_is_tried_again() -> None:
    disk = Disk(held=True)
    results = outcomes(disk, [1, 100, 2])
    assert disk.commits in ([], [[1]])
    assert all(isinstance(result, Retryable) for result in results[1:])


def test_who_goes_away_before_the_commit_takes_nothing_along() -> None:
    async def leave() -> Disk:
        disk = Disk(held=True)
        together = GroupCommit[int](disk.store)
        leaving = asyncio.create_task(together.add(1))
        staying = asyncio.create_task(together.add(2))
        await asyncio.sleep(0.02)
        leaving.cancel()
        disk.go_on.set()
        await staying
        with pytest.raises(asyncio.CancelledError):
            await leaving
        return disk

    assert sorted(entry for commit in asyncio.run(leave()).commits for entry in commit) == [1, 2]
