"""What becomes of a job that failed: pure, so that it can be read and tested in one place."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from random import Random

from connector.config.settings import WorkerSettings
from connector.errors import Conflict, InUse, LeaseLost, Misconfigured, Rejected, Retryable

LONGEST_WAIT_SECONDS = 86_400.0  # however long a server asks us to wait
OUTAGE_WAIT_SECONDS = 45.0  # so that with a tick all work goes on within a minute after an outage


class Fate(StrEnum):
    RETRY = "retry"
    BURY = "bury"  # a dead letter: shown, and replayed by a person
    PAUSE = "pause"  # a person must change something; tried again now and then
    DROP = "drop"  # another worker has the job


@dataclass(frozen=True, slots=True)
class Sentence:
    fate: Fate
    wait: float = 0.0  # seconds until the next try
    counts: bool = True  # whether the try counts towards the maximum


def fate_of(error: Exception, attempts: int, limits: WorkerSettings, chance: Random) -> Sentence:
    """The fate of a job after its `attempts`-th try ended with `error`."""
    if isinstance(error, LeaseLost):
        return Sentence(Fate.DROP)
    if isinstance(error, Misconfigured):
        return Sentence(Fate.PAUSE, limits.retry_max_seconds, counts=False)
    if isinstance(error, Rejected | Conflict):
        return Sentence(Fate.BURY)
    if isinstance(error, Retryable) and error.outage:
        wait = min(backoff(attempts, limits, chance), OUTAGE_WAIT_SECONDS)
        return Sentence(Fate.RETRY, wait, counts=False)
    if isinstance(error, InUse):
        return Sentence(Fate.RETRY, error.after or limits.retry_max_seconds, counts=False)
    if attempts >= limits.max_attempts:
        return Sentence(Fate.BURY)
    wait = backoff(attempts, limits, chance)
    if isinstance(error, Retryable) and error.after is not None:
        wait = max(wait, min(error.after, LONGEST_WAIT_SECONDS))
    return Sentence(Fate.RETRY, wait)


def backoff(attempts: int, limits: WorkerSettings, chance: Random) -> float:
    """Seconds to wait after a number of tries: doubling, at most the maximum, with half of it random.

    The random half keeps many jobs from coming back at the same moment.
    """
    ceiling = min(limits.retry_max_seconds, limits.retry_base_seconds * 2.0 ** min(attempts - 1, 30))
    return ceiling * (0.5 + 0.5 * chance.random())
