"""Status and failure → error, decided once for every platform."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import (
    Conflict,
    InvalidToken,
    Misconfigured,
    NotFound,
    Rejected,
    Retryable,
    SecondlookError,
    UnknownOutcome,
)
from connector.platforms.http import READ_ATTEMPTS, Api, FixedHeader, translated

SECRET = "t0p-s3cret-token"
Answer = Callable[[httpx.Request], httpx.Response]


def api(answer: Answer) -> Api:
    """An Api whose server is `answer`."""
    credentials = FixedHeader("Authorization", f"Token {SECRET}")
    return Api("http://ls.test", credentials, transport=httpx.MockTransport(answer), secrets=(SECRET,))


def status(code: int, **more: object) -> Answer:
    return lambda _: httpx.Response(code, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "read", "write"),
    [
        (301, Misconfigured, Misconfigured),
        (400, Rejected, Rejected),
        (401, InvalidToken, InvalidToken),
        (403, Misconfigured, Misconfigured),
        (404, NotFound, NotFound),
        (409, Conflict, Conflict),
        (413, Rejected, Rejected),
        (429, Retryable, Retryable),
        (500, Retryable, UnknownOutcome),
        (502, Retryable, UnknownOutcome),
        (504, Retryable, UnknownOutcome),
    ],
)
def test_each_status_says_what_to_do_next(
    code: int, read: type[SecondlookError], write: type[SecondlookError]
) -> None:
    server = api(status(code, headers={"retry-after": "60"}))
    with pytest.raises(SecondlookError) as reading:
        server.get("/x")
    with pytest.raises(SecondlookError) as writing:
        server.write("POST", "/x")
    assert (type(reading.value), type(writing.value)) == (read, write)


@pytest.mark.parametrize(
    ("code", "outage"), [(429, False), (500, False), (502, True), (503, True), (504, True)]
)
def test_only_an_answer_that_nobody_gave_is_an_outage(code: int, outage: bool) -> None:
    server = api(status(code, headers={"retry-after": "60"}))
    with pytest.raises(Retryable) as reading:
        server.get("/x")
    with pytest.raises(Retryable) as writing:
        server.write("POST", "/x")
    assert (reading.value.outage, writing.value.outage) == (outage, outage)


@given(code=st.integers(min_value=300, max_value=599))
def test_no_failure_status_passes_for_an_answer(code: int) -> None:
    with pytest.raises(SecondlookError):
        api(status(code, headers={"retry-after": "60"})).write("POST", "/x")


def test_reads_are_repeated_and_writes_are_not() -> None:
    calls: list[str] = []

    def server(request: httpx.Request) -> httpx.Response:
        calls.append(request.method)
        return httpx.Response(500)

    with pytest.raises(Retryable):
        api(server).get("/x")
    assert calls == ["GET"] * READ_ATTEMPTS
    with pytest.raises(UnknownOutcome):
        api(server).write("POST", "/x")
    assert calls[READ_ATTEMPTS:] == ["POST"]


def test_a_read_that_succeeds_at_last_is_an_answer() -> None:
    answers = iter([httpx.Response(503), httpx.Response(200, json={"a": 1})])
    assert api(lambda _: next(answers)).get("/x") == {"a": 1}


def test_a_server_that_asks_for_a_long_wait_gets_it_from_the_caller() -> None:
    calls: list[int] = []

    def busy(_: httpx.Request) -> httpx.Response:
        calls.append(1)
        return httpx.Response(429, headers={"retry-after": "120"})

    with pytest.raises(Retryable) as raised:
        api(busy).get("/x")
    assert (raised.value.after, len(calls)) == (120.0, 1)


def test_retry_after_may_be_a_date() -> None:
    when = format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True)
    with pytest.raises(Retryable) as raised:
        api(status(429, headers={"retry-after": when})).write("POST", "/x")
    assert raised.value.after == pytest.approx(600, abs=5)


def every(kind: type[BaseException]) -> set[type[BaseException]]:
    """A class and all its subclasses."""
    return {kind}.union(*(every(sub) for sub in kind.__subclasses__()))


@pytest.mark.parametrize(
    "error",
    sorted(
        (*every(httpx.HTTPError), *every(httpx.StreamError), httpx.InvalidURL), key=lambda kind: kind.__name__
    ),
)
def test_every_error_of_httpx_becomes_one_of_ours_with_its_cause(error: type[Exception]) -> None:
    raised = error.__new__(error)
    if isinstance(raised, httpx.HTTPError):
        httpx.HTTPError.__init__(raised, "")  # each knows then that it has no request
    for write in (False, True):
        with pytest.raises(SecondlookError) as ours, translated("POST", "/x", write=write):
            raise raised
        assert ours.value.__cause__ is raised


def test_a_write_whose_answer_is_lost_has_an_unknown_outcome_and_one_never_sent_has_not() -> None:
    def lost(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("", request=request)

    def refused(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("", request=request)

    with pytest.raises(UnknownOutcome):
        api(lost).write("POST", "/x")
    with pytest.raises(Retryable) as raised:
        api(refused).write("POST", "/x")
    assert not isinstance(raised.value, UnknownOutcome)


def test_secrets_stay_out_of_messages_and_logs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(Rejected) as raised:
        api(status(400, json={"detail": f"bad token {SECRET}"})).write("POST", "/x")
    assert "bad token ***" in str(raised.value)
    assert SECRET not in caplog.text


def test_a_login_page_is_a_wrong_address_and_after_a_write_an_unknown_outcome() -> None:
    page = status(200, text="<html>Log in</html>")
    with pytest.raises(Misconfigured) as raised:
        api(page).get("/x")
    assert raised.value.field == "url"
    with pytest.raises(UnknownOutcome):
        api(page).write("POST", "/x")


def test_an_empty_answer_is_none() -> None:
    assert api(status(204)).write("DELETE", "/x") is None


@pytest.mark.parametrize("url", ["", "ls.test", "ftp://ls.test", "http://[::1", "http://ls.test:99999"])
def test_an_address_that_cannot_be_called_is_misconfigured(url: str) -> None:
    with pytest.raises((Misconfigured, Retryable)):
        Api(url, FixedHeader("A", "b")).write("POST", "/x")
