"""One HTTP client for every platform: timeouts, careful retries, and status → error said once."""

from __future__ import annotations

import logging
import re
import ssl
import threading
import time
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_random_exponential

from connector import traces
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
from connector.model.metrics import Accumulator, counted, timed
from connector.traces import SpanRole

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 90.0  # a page of 500 tasks takes seconds on a busy server
READ_ATTEMPTS = 4
LONGEST_WAIT_S = 5.0  # a server that asks for more is left to the caller's own schedule
DETAIL_CHARS = 300
_BACKOFF = wait_random_exponential(multiplier=0.2, max=LONGEST_WAIT_S)
_log = logging.getLogger(__name__)
CALLS = Accumulator()  # of this process; stored with the job that made them
_NUMBERED = re.compile(r"/(?:\d+|[0-9a-f]{8}-[0-9a-f-]{27})(?=/|$)")

# Raised before a byte of the request can have reached the other side: nothing was done there.
_BEFORE_SENDING = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
# Said by what stands before the platform, or by a platform that shuts down: nobody looked at the call.
_NOBODY_BEHIND = (502, 503, 504)
_BAD_ADDRESS = (httpx.UnsupportedProtocol, httpx.InvalidURL)


class Credentials(Protocol):
    """What proves to the platform who we are."""

    def header(self) -> tuple[str, str]:
        """Name and value of the header to send."""
        ...

    def renew(self, refused: str) -> bool:
        """After a 401 for the value `refused`: True when another value is worth a try."""
        ...


class FixedHeader:
    """A token that is sent as it is, for as long as it lives."""

    def __init__(self, name: str, value: str) -> None:
        self._header = (name, value)

    def header(self) -> tuple[str, str]:
        """The same header each time."""
        return self._header

    def renew(self, refused: str) -> bool:  # noqa: ARG002 - the protocol's signature
        """There is no other value."""
        return False


class Anonymous(FixedHeader):
    """No credentials, for the calls that obtain them."""

    def __init__(self) -> None:
        super().__init__("Accept", "application/json")


class Api:
    """JSON over HTTP to one server. Reads are repeated a few times, writes never."""

    def __init__(
        self,
        base_url: str,
        credentials: Credentials,
        *,
        transport: httpx.BaseTransport | None = None,
        secrets: tuple[str, ...] = (),
        section: str = "",
    ) -> None:
        """`section` stands before the names of settings in errors: another than the project's own."""
        self.credentials = credentials
        self._section = section
        self._secrets = tuple(secret for secret in secrets if secret)
        self._transport = transport
        self._base_url = base_url.rstrip("/")
        self._opened: httpx.Client | None = None
        self._lock = threading.Lock()

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """The JSON at `path`."""
        return self.read(path, params)[0]

    def read(
        self, path: str, params: Mapping[str, Any] | None = None, *, method: str = "GET", json: Any = None
    ) -> tuple[Any, Mapping[str, str]]:
        """JSON and headers of a call that changes nothing, so that it may be repeated."""
        with self._named():
            return self._read(path, params, method, json)

    def _read(
        self, path: str, params: Mapping[str, Any] | None, method: str, json: Any
    ) -> tuple[Any, Mapping[str, str]]:
        retrying = Retrying(
            retry=retry_if_exception(_worth_repeating),
            stop=stop_after_attempt(READ_ATTEMPTS),
            wait=_wait,
            reraise=True,
        )
        response = retrying(self._call, method, path, params, json, write=False)
        return self._json(response, path, write=False), response.headers

    def write(self, method: str, path: str, json: Any = None, params: Mapping[str, Any] | None = None) -> Any:
        """The JSON answer (None if empty) to a call that changes something; sent once only."""
        with self._named():
            return self._json(self._call(method, path, params, json, write=True), path, write=True)

    def close(self) -> None:
        """Let go of the connections; the next call opens new ones."""
        with self._lock:
            opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except Retryable as error:
            error.server = self._base_url
            raise
        except Misconfigured as error:
            if not self._section:
                raise
            field = f"{self._section}.{error.field}"
            raise Misconfigured(error.problem, field=field, remedy=error.remedy) from error

    def _client(self) -> httpx.Client:
        with self._lock:
            if self._opened is None:
                with translated("GET", self._base_url, write=False):
                    self._opened = httpx.Client(
                        base_url=self._base_url,
                        timeout=httpx.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
                        transport=self._transport,
                    )
                    # Whoever drops us need not know that there are connections to close.
                    weakref.finalize(self, self._opened.close)
            return self._opened

    def _call(
        self, method: str, path: str, params: Mapping[str, Any] | None, json: Any, *, write: bool
    ) -> httpx.Response:
        client = self._client()
        for last_try in (False, True):
            name, value = self.credentials.header()
            with _timed_call(client, method, path) as answered, translated(method, path, write=write):
                response = client.request(method, path, params=params, json=json, headers={name: value})
                answered.append(response.status_code)
            if response.status_code != httpx.codes.UNAUTHORIZED or last_try:
                break
            # A 401 is given before anything is done, so even a write may be sent again.
            if not self.credentials.renew(value):
                break
        self._check(response, path, write=write)
        return response

    def _check(self, response: httpx.Response, path: str, *, write: bool) -> None:
        if response.is_success:
            return
        error = error_for(response, path, write=write, detail=self._redacted(_detail(response)))
        _log.debug("%s %s answered %d", response.request.method, path, response.status_code)
        raise error

    def _json(self, response: httpx.Response, path: str, *, write: bool) -> Any:
        if not response.content:
            return None
        try:
            return response.json()
        except ValueError as error:
            if write:
                raise UnknownOutcome(f"{path}: the answer to a write was not JSON") from error
            raise Misconfigured(
                f"{path} answered with something other than JSON",
                field="url",
                remedy="Set it to the platform's own address, with no login page or other site in between.",
            ) from error

    def _redacted(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


@contextmanager
def _timed_call(client: httpx.Client, method: str, path: str) -> Iterator[list[int]]:
    """Count one request by server and what is asked for; ids are left out, and so are queries."""
    answered: list[int] = []
    started = time.monotonic()
    operation = f"{method} {_NUMBERED.sub('/:id', urlsplit(path).path)}"[:100]
    which = {"platform": client.base_url.host[:60], "operation": operation}
    seen = {"server.address": which["platform"], "http.request.method": method}
    try:
        with traces.span(operation, SpanRole.CLIENT, seen) as span:
            yield answered
            if span is not None and answered:
                span.set_attribute("http.response.status_code", answered[0])
    finally:
        status = str(answered[0]) if answered else "none"
        CALLS.add(
            counted("platform_requests_total", status=status, **which),
            timed(
                "platform_request_duration_seconds", time.monotonic() - started, platform=which["platform"]
            ),
        )


@contextmanager
def translated(method: str, path: str, *, write: bool) -> Iterator[None]:
    """Turn what httpx raises into our errors, keeping the cause."""
    try:
        yield
    except _BAD_ADDRESS as error:
        raise Misconfigured(
            "this is not an address that can be called",
            field="url",
            remedy="Give it as http://host or https://host.",
        ) from error
    except _BEFORE_SENDING as error:
        if isinstance(_root(error), ssl.SSLCertVerificationError):
            raise Misconfigured(
                "the server's certificate is not trusted",
                field="url",
                remedy="Install the authority's certificate (SSL_CERT_FILE) or correct the host name.",
            ) from error
        message = (
            f"{method} {path}: no connection to {_server(error)} ({type(error).__name__}); see that it runs"
        )
        raise Retryable(message, outage=True) from error
    except (httpx.HTTPError, httpx.StreamError) as error:
        message = f"{method} {path}: {type(error).__name__}"
        kind = UnknownOutcome if write else Retryable
        raise kind(message, outage=True) from error


def error_for(response: httpx.Response, path: str, *, write: bool, detail: str) -> SecondlookError:
    """What a status other than 2xx means for the caller."""
    status = response.status_code
    message = f"{response.request.method} {path}: HTTP {status} {detail}".rstrip(" .")
    if status in (401, 403):
        return _refused(message, status)
    if 300 <= status < 400:
        return Misconfigured(
            f"the server redirects to {_host(response.headers.get('location', ''))}",
            field="url",
            remedy="Use the address that it redirects to.",
        )
    if status in (404, 410):
        return NotFound(message)
    if status == 409:
        return Conflict(message)
    if status in (408, 425, 429):
        return Retryable(message, after=retry_after(response))
    if status >= 500:
        kind = UnknownOutcome if write else Retryable
        return kind(message, after=retry_after(response), outage=status in _NOBODY_BEHIND)
    return Rejected(message)


def retry_after(response: httpx.Response) -> float | None:
    """Seconds that the server asks us to wait, from either form of the header."""
    value = response.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _server(error: httpx.TransportError) -> str:
    """Scheme, host and port of whom a request was for, without a user or a path."""
    try:
        return str(error.request.url.copy_with(userinfo=b"", raw_path=b""))
    except RuntimeError:  # it came to no request
        return "the server"


def _refused(message: str, status: int) -> Misconfigured:
    if status == 401:
        remedy = "Put a valid token of the service user into the place that the setting names."
        return InvalidToken(message, field="token", remedy=remedy)
    remedy = "Give the service user access to this project, or use another user's token."
    return Misconfigured(message, field="token", remedy=remedy)


def _detail(response: httpx.Response) -> str:
    try:
        body = response.json()
    except ValueError:
        return ""
    if not isinstance(body, dict):
        return ""
    texts = [body.get("detail"), body.get("validation_errors")]
    text = " ".join(str(part) for part in texts if part)
    return (text or str(body))[:DETAIL_CHARS]


def _worth_repeating(error: BaseException) -> bool:
    return isinstance(error, Retryable) and (error.after or 0.0) <= LONGEST_WAIT_S


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = getattr(error, "after", None) or 0.0
    return max(float(asked), _BACKOFF(state))


def _root(error: BaseException) -> BaseException:
    while error.__cause__ is not None or error.__context__ is not None:
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    return error


def _host(location: str) -> str:
    try:
        parts = urlsplit(location)
    except ValueError:
        return "what is no address"
    return f"{parts.scheme}://{parts.hostname}" if parts.hostname else "another path"
