"""What the web process does beside its requests goes on after a fault, and holds up none of them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

from connector.queue import MOST_WAITING, BesideQueue, CeleryQueue, make_celery
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


class SilentBroker:
    """Takes a message and answers when it is let: as a broker whose connection stands and brings nothing."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.answers, self.all_told = threading.Event(), threading.Event()

    def send(self, job_ids: Sequence[str]) -> None:
        self.answers.wait(30)
        self.told += job_ids
        if "last" in self.told:
            self.all_told.set()


def test_a_broker_that_never_answers_holds_up_nobody_who_announces() -> None:
    broker = SilentBroker()
    queue = BesideQueue(broker)
    for one in ("first", "second", "last"):
        queue.send([one])
    assert broker.told == []
    broker.answers.set()
    assert broker.all_told.wait(30)
    assert broker.told == ["first", "second", "last"]


def test_more_than_can_wait_is_left_to_the_sweep() -> None:
    broker = SilentBroker()
    queue = BesideQueue(broker)
    for number in range(2 * MOST_WAITING):
        queue.send([str(number)])
    assert broker.told == []
    broker.answers.set()


def test_a_broker_that_cannot_be_used_raises_nothing() -> None:
    """A transport that nobody knows raises what no broker's client does."""
    CeleryQueue(make_celery("nonsense://127.0.0.1/")).send(["a"])
