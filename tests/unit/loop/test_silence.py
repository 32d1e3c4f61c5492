"""Which silence of a broker is a fault, and which is a quiet night."""

from __future__ import annotations

import pytest

from workers.service.silence import SilenceWatch

PATIENCE = 300.0


class Night:
    """A watch over a clock and a queue that the test moves."""

    def __init__(self) -> None:
        self.moment = 0.0
        self.waiting: int | None = 0
        self.asked = 0
        self.watch = SilenceWatch(PATIENCE, self._count, lambda: self.moment)

    def after(self, seconds: float, *, busy: bool = False) -> bool:
        self.moment += seconds
        return self.watch.is_cut_off(busy=busy)

    def _count(self) -> int | None:
        self.asked += 1
        return self.waiting


@pytest.fixture
def night() -> Night:
    return Night()


def test_messages_that_wait_while_a_worker_is_idle_and_hears_nothing_are_a_fault(night: Night) -> None:
    night.waiting = 1
    assert not night.after(PATIENCE - 1)
    assert night.after(1)


def test_a_queue_that_is_gone_is_a_fault(night: Night) -> None:
    night.waiting = None
    assert night.after(PATIENCE)


def test_an_empty_queue_is_a_quiet_night_and_is_asked_about_once_in_a_while(night: Night) -> None:
    assert not any(night.after(PATIENCE / 10) for _ in range(100))
    assert night.asked == 10


def test_a_worker_that_hears_or_works_asks_nothing(night: Night) -> None:
    night.waiting = 5
    for _ in range(10):
        assert not night.after(PATIENCE, busy=True)
        assert not night.after(PATIENCE - 1)
        night.watch.heard()
    assert night.asked == 0
