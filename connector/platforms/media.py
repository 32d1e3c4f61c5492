"""A picture that an item names, fetched for the pages: from allowed hosts, within bounds, by its content.

The browser has no token of the platform, and pages load nothing from elsewhere. So the web process fetches,
and must not become a way into its network: an address is called only where its host is allowed and what the
name resolves to is public (or listed), that very number is called, and each redirect is such an address anew.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit

import httpx

from connector.errors import NotFound, Rejected, Retryable
from connector.ports import MediaAddress

MOST_BYTES = 20_000_000
MOST_REDIRECTS = 3
SECONDS = 10.0  # for all of it
QUIET_SECONDS = 5.0  # without a byte
AT_ONCE = 3  # each may hold MOST_BYTES
# By their first bytes, whatever the server calls them: what is no picture cannot pass for one.
SIGNATURES: Mapping[bytes, str] = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
    b"BM": "image/bmp",
}
SHOWN = "PNG, JPEG, GIF, WebP, AVIF and BMP are shown"

TRANSLATED = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "2002::/16")))  # of IPv4, private ones too

Number = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Picture:
    kind: str  # such as image/png
    parts: Sequence[bytes]

    @property
    def size(self) -> int:
        return sum(map(len, self.parts))


@dataclass(frozen=True)
class PictureProxy:
    """Fetches from allowed `hosts`: names (`host` or `host:port`), and networks of private addresses.

    The platform's own address is allowed as it is configured, wherever it lies.
    """

    hosts: Sequence[str] = ()
    _busy: threading.Semaphore = field(default_factory=lambda: threading.BoundedSemaphore(AT_ONCE))

    def fetch(self, address: MediaAddress) -> Picture:
        """One picture.

        Raises
        ------
        Rejected
            Its host is not allowed, it is too large, or no picture that is shown.
        NotFound
            The server has none there.
        Retryable
            The server does not answer, or not in time; or too many are being fetched.
        """
        deadline = time.monotonic() + SECONDS
        if not self._busy.acquire(timeout=SECONDS / 2):
            msg = "too many pictures are being fetched"
            raise Retryable(msg)
        try:
            return self._fetch(address, deadline)
        except (httpx.TransportError, httpx.InvalidURL) as error:
            msg = f"its server does not answer as it should ({type(error).__name__})"
            raise Retryable(msg) from error
        finally:
            self._busy.release()

    def _fetch(self, address: MediaAddress, deadline: float) -> Picture:
        url, headers = address.url, address.headers  # which are for the first address alone
        with httpx.Client(timeout=QUIET_SECONDS, trust_env=False) as client:
            for _ in range(1 + MOST_REDIRECTS):
                request = self._request(url, headers, address.platform)
                with closing(client.send(request, stream=True)) as response:
                    if not response.has_redirect_location:
                        return _picture(response, deadline)
                    url, headers = urljoin(url, response.headers["location"]), {}
        msg = "its server redirects too often"
        raise Rejected(msg)

    def _request(self, url: str, headers: Mapping[str, str], platform: str) -> httpx.Request:
        """A call of the number that an allowed host has now; Rejected where it is not allowed."""
        origin = scheme, host, port = _origin(url)
        own = origin == _origin(platform)
        networks = list(_networks(self.hosts))
        if not own and not ({host, f"{host}:{port}"} & set(self.hosts) or _within(_number(host), networks)):
            raise Rejected(f"{host} is no host that pictures are taken from (dashboard.media_hosts)")
        numbers = _resolved(host, port)
        if not own and not all(_public(each) or _within(each, networks) for each in numbers):
            raise Rejected(f"{host} is a private address that dashboard.media_hosts does not list")
        parts = urlsplit(url)
        number = f"[{numbers[0]}]" if numbers[0].version == 6 else str(numbers[0])
        return httpx.Request(
            "GET",
            urlunsplit((scheme, f"{number}:{port}", parts.path, parts.query, "")),
            headers={**headers, "Host": parts.netloc, "Accept": "image/*", "Accept-Encoding": "identity"},
            extensions={"sni_hostname": host, "timeout": httpx.Timeout(QUIET_SECONDS).as_dict()},
        )


def _origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port; Rejected for what is no web address."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    except (KeyError, ValueError) as error:
        msg = "its address is no web address"
        raise Rejected(msg) from error
    if not parts.hostname or parts.username is not None:
        msg = "its address is no web address"
        raise Rejected(msg)
    return parts.scheme, parts.hostname, port


def _resolved(host: str, port: int) -> list[Number]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotFound(f"there is no host {host}") from error
    return [ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found]


def _networks(hosts: Sequence[str]) -> Iterator[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    for host in hosts:
        with suppress(ValueError):
            yield ipaddress.ip_network(host)


def _number(host: str) -> Number | None:
    with suppress(ValueError):
        return ipaddress.ip_address(host)
    return None


def _within(number: Number | None, networks: Sequence[Any]) -> bool:
    return number is not None and any(number in network for network in networks)


def _public(number: Number) -> bool:
    return number.is_global and not number.is_multicast and not _within(number, TRANSLATED)


def _picture(response: httpx.Response, deadline: float) -> Picture:
    if response.status_code in (404, 410):
        msg = "its server has no such file"
        raise NotFound(msg)
    if not response.is_success:
        raise Rejected(f"its server answers with HTTP {response.status_code}")
    parts: list[bytes] = []
    size, declared = 0, response.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > MOST_BYTES:
        raise Rejected(_too_large())
    for part in response.iter_raw(1 << 18):
        size += len(part)
        if size > MOST_BYTES:
            raise Rejected(_too_large())
        if time.monotonic() > deadline:
            raise Retryable(f"it did not arrive within {SECONDS:.0f} seconds")
        parts.append(part)
    return Picture(_kind(b"".join(parts[:2])[:64]), parts)


def _kind(start: bytes) -> str:
    """The kind of a picture by how it begins; Rejected for all else."""
    for signature, kind in SIGNATURES.items():
        if start.startswith(signature):
            return kind
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "image/webp"
    if start[4:12] in (b"ftypavif", b"ftypavis"):
        return "image/avif"
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"
    raise Rejected(f"it is {'SVG or HTML, which can hold scripts' if text else 'no picture'}: {SHOWN}")


def _too_large() -> str:
    return f"it is larger than {MOST_BYTES // 1_000_000} MB"
