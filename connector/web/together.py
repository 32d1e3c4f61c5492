"""What arrives while a commit is under way is stored together in the next one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from connector.errors import Misconfigured, Retryable

T = TypeVar("T")
MOST = 500  # entries of one commit
TURNS = 3  # of the loop before a commit: what is at the door already comes along, and nobody waits longer


class GroupCommit(Generic[T]):
    """Waits for no one: a lone entry is stored at once, and a crowd shares the wait for the disk.

    Lives on one event loop, which is why nothing is locked here.
    """

    def __init__(self, store: Callable[[Sequence[T]], object]) -> None:
        self._store = store
        self._waiting: list[tuple[T, asyncio.Future[None]]] = []
        self._committing: asyncio.Task[None] | None = None
        self._writer = ThreadPoolExecutor(1, "commits")  # its own: a page that takes long delays no commit

    async def add(self, entry: T) -> None:
        """Return once the entry is durable; raises what `store` raised for it."""
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, stored))
        if self._committing is None:
            self._committing = asyncio.create_task(self._commit_all())
        await stored

    async def _commit_all(self) -> None:
        try:
            while self._waiting:
                for _ in range(TURNS):
                    await asyncio.sleep(0)
                batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                await self._commit(batch)
        finally:
            self._committing = None

    async def _commit(self, batch: Sequence[tuple[T, asyncio.Future[None]]]) -> None:
        try:
            entries = [entry for entry, _ in batch]
            await asyncio.get_running_loop().run_in_executor(self._writer, self._store, entries)
        except Exception as error:  # noqa: BLE001 - handed to those who wait
            if len(batch) == 1 or isinstance(error, Retryable | Misconfigured):
                _settle(batch, error)
                return
            for one in batch:  # an entry that cannot be stored spoils no other
                await self._commit([one])
        else:
            _settle(batch, None)


def _settle(batch: Sequence[tuple[T, asyncio.Future[None]]], error: Exception | None) -> None:
    for _, stored in batch:
        if stored.done():  # who waited for it went away
            continue
        if error is None:
            stored.set_result(None)
        else:
            stored.set_exception(error)
