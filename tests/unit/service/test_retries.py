"""What becomes of a failed job: for every error, every number of tries and every setting."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.config.settings import WorkerSettings
from connector.errors import (
    BadPayload,
    Conflict,
    InUse,
    LeaseLost,
    Misconfigured,
    NotFound,
    Rejected,
    Retryable,
    Unauthorised,
    UnknownOutcome,
)
from workers.service.retries import LONGEST_WAIT_SECONDS, OUTAGE_WAIT_SECONDS, Fate, backoff, fate_of

attempts = st.integers(1, 1000)
seconds = st.floats(0.001, 3600)


@st.composite
def limits(draw: st.DrawFn) -> WorkerSettings:
    base, extra = draw(seconds), draw(st.floats(0, 3600))
    return WorkerSettings(
        retry_base_seconds=base, retry_max_seconds=base + extra, max_attempts=draw(st.integers(1, 20))
    )


def chance(seed: int = 0) -> Random:
    return Random(seed)  # noqa: S311 - jitter, not a secret


def misconfigured() -> Misconfigured:
    return Misconfigured("is wrong", field="token", remedy="Correct it.")


@given(attempts, limits())
def test_a_job_that_another_worker_has_is_left_alone(tries: int, worker: WorkerSettings) -> None:
    assert fate_of(LeaseLost("gone"), tries, worker, chance()).fate is Fate.DROP


@given(attempts, limits())
def test_what_a_person_must_correct_is_tried_again_for_ever_and_seldom(
    tries: int, worker: WorkerSettings
) -> None:
    sentence = fate_of(misconfigured(), tries, worker, chance())

    assert (sentence.fate, sentence.counts) == (Fate.PAUSE, False)
    assert sentence.wait == worker.retry_max_seconds


@pytest.mark.parametrize("error", [Rejected, NotFound, BadPayload, Unauthorised, Conflict])
@given(tries=attempts, worker=limits())
def test_what_will_never_be_accepted_is_not_repeated(
    error: type[Exception], tries: int, worker: WorkerSettings
) -> None:
    assert fate_of(error("no"), tries, worker, chance()).fate is Fate.BURY


@pytest.mark.parametrize("error", [Retryable, UnknownOutcome, KeyError, ZeroDivisionError])
@given(tries=attempts, worker=limits())
def test_what_may_pass_is_tried_again_until_the_tries_are_used_up(
    error: type[Exception], tries: int, worker: WorkerSettings
) -> None:
    sentence = fate_of(error("later"), tries, worker, chance())

    assert sentence.counts
    assert sentence.fate is (Fate.BURY if tries >= worker.max_attempts else Fate.RETRY)


@pytest.mark.parametrize("error", [Retryable, UnknownOutcome])
@given(tries=attempts, worker=limits(), after=st.none() | st.floats(0, 1e300))
def test_an_outage_buries_nothing_and_is_looked_at_again_within_a_minute(
    error: type[Retryable], tries: int, worker: WorkerSettings, after: float | None
) -> None:
    sentence = fate_of(error("away", after=after, outage=True), tries, worker, chance())

    assert (sentence.fate, sentence.counts) == (Fate.RETRY, False)
    assert 0 < sentence.wait <= OUTAGE_WAIT_SECONDS < 60


@given(st.integers(1, 7), st.floats(0, 1e300))
def test_a_wait_that_the_other_side_asked_for_is_kept_within_a_day(tries: int, after: float) -> None:
    wait = fate_of(Retryable("busy", after=after), tries, WorkerSettings(), chance()).wait

    assert min(after, LONGEST_WAIT_SECONDS) <= wait <= LONGEST_WAIT_SECONDS


@given(attempts, limits(), st.integers())
def test_a_wait_is_positive_and_at_most_the_maximum(tries: int, worker: WorkerSettings, seed: int) -> None:
    assert 0 < backoff(tries, worker, chance(seed)) <= worker.retry_max_seconds


@given(st.integers(1, 40), limits(), st.integers())
def test_waits_grow_with_the_tries(tries: int, worker: WorkerSettings, seed: int) -> None:
    earlier, later = (backoff(n, worker, chance(seed)) for n in (tries, tries + 1))

    assert later >= earlier


def test_jobs_that_failed_together_do_not_come_back_together() -> None:
    waits = {backoff(3, WorkerSettings(), chance(seed)) for seed in range(20)}

    assert len(waits) == 20


@given(tries=st.integers(1, 10_000))
def test_a_person_at_work_is_waited_for_however_long(tries: int) -> None:
    sentence = fate_of(InUse("unsaved work", after=300.0), tries, WorkerSettings(), chance())
    assert (sentence.fate, sentence.wait, sentence.counts) == (Fate.RETRY, 300.0, False)
