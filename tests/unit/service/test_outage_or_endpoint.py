"""An outage of the platform is told from one call of it that always fails."""

from __future__ import annotations

from functools import partial

import httpx
import pytest

from connector.errors import Retryable, UnknownOutcome
from connector.platforms.http import Anonymous, Api
from tests.unit.cli.little_studio import little_studio
from workers.service.outages import reclassified

NOBODY = "http://127.0.0.1:1"


def failed(url: str, *, write: bool) -> Retryable:
    """The error of a call for which a proxy answers 502."""
    api = Api(url, Anonymous(), transport=httpx.MockTransport(lambda _: httpx.Response(502)))
    method = "POST" if write else "GET"
    call = partial(api.write, method) if write else api.get
    with pytest.raises(Retryable) as caught:
        call("/api/one")
    return caught.value


@pytest.mark.parametrize("write", [False, True])
def test_a_call_that_fails_while_the_platform_answers_is_a_try(*, write: bool) -> None:
    with little_studio() as url:
        error = failed(url, write=write)
        assert (error.outage, error.server) == (True, url)
        now = reclassified(error)
    assert isinstance(now, Retryable)
    assert not now.outage
    assert "502" in str(now)
    assert "the platform itself answers" in str(now)


def test_nothing_that_answers_stays_an_outage() -> None:
    error = failed(NOBODY, write=False)
    assert reclassified(error) is error


@pytest.mark.parametrize("error", [Retryable("busy"), UnknownOutcome("a", outage=True), ValueError("b")])
def test_other_errors_stay_what_they_are(error: Exception) -> None:
    assert reclassified(error) is error
