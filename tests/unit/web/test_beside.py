"""What the web process does beside its requests goes on after a fault."""

from __future__ import annotations

import asyncio

from connector.web.app import _again_and_again


def test_a_fault_ends_one_round_and_never_the_rounds() -> None:
    rounds: list[int] = []

    def work() -> None:
        rounds.append(len(rounds))
        if len(rounds) == 1:
            raise RuntimeError("a bug")

    async def watch() -> None:
        loop, third = asyncio.get_running_loop(), asyncio.Event()

        def tell() -> None:
            work()
            if len(rounds) == 3:
                loop.call_soon_threadsafe(third.set)

        running = asyncio.create_task(_again_and_again(0.001, tell))
        await asyncio.wait_for(third.wait(), 10)
        running.cancel()

    asyncio.run(watch())
    assert rounds[:3] == [0, 1, 2]
