"""One POST to an address that a person chose: no redirect, no private network unless that is meant."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing

import httpx

from connector.errors import Rejected, Retryable
from connector.platforms.guard import at_number, is_public, origin_of, resolved


def post(url: str, body: bytes, headers: Mapping[str, str], *, private: bool, seconds: float) -> None:
    """Send it, and read no more of the answer than its status.

    Raises
    ------
    Rejected
        The address may not be called: it is private or http, and `private` was not set.
    Retryable
        It was not taken, or nobody knows. Errors name the host alone: the path can be a secret.
    """
    origin = origin_of(url)
    if origin.scheme != "https" and not private:
        raise Rejected(f"{origin.host} is called by http: use https, or set private = true")
    numbers = resolved(origin.host, origin.port)
    if not private and not all(map(is_public, numbers)):
        raise Rejected(f"{origin.host} is a private address: set private = true if that is meant")
    address, host = at_number(url, numbers[0])
    request = httpx.Request(
        "POST",
        address,
        content=body,
        headers={**headers, "Host": host, "Content-Type": "application/json"},
        extensions={"sni_hostname": origin.host, "timeout": httpx.Timeout(seconds).as_dict()},
    )
    try:
        # Not by a client, which logs the whole address of each request.
        with httpx.HTTPTransport() as transport, closing(transport.handle_request(request)) as answer:
            status = answer.status_code
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        msg = f"{origin.host} did not take it ({type(error).__name__})"
        raise Retryable(msg) from None  # the cause can hold the whole address
    if not 200 <= status < 300:
        raise Retryable(f"{origin.host} answered with HTTP {status}")
