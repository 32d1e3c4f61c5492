"""A picture or sound that an item names, fetched for pages: from allowed hosts, in bounds, by its content.

The browser has no token of the platform, and pages load nothing from elsewhere. So the web process fetches,
and must not become a way into its network: an address is called only where its host is allowed and what the
name resolves to is public (or listed), that very number is called, and each redirect is such an address anew.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

import httpx

from connector.errors import NotFound, Rejected, Retryable
from connector.platforms.guard import IpNumber, at_number, is_public, origin_of, resolved
from connector.ports import MediaAddress

MOST_BYTES = 20_000_000
MOST_REDIRECTS = 3
SECONDS = 10.0  # for all of it
QUIET_SECONDS = 5.0  # without a byte
AT_ONCE = 3  # each may hold MOST_BYTES
START = 64  # bytes that tell what a file is
# By their first bytes, whatever the server calls them: what is no picture or sound cannot pass for one.
SIGNATURES: Mapping[bytes, str] = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
    b"BM": "image/bmp",
    b"ID3": "audio/mpeg",
    b"\xff\xfb": "audio/mpeg",
    b"\xff\xf3": "audio/mpeg",
    b"\xff\xf2": "audio/mpeg",
    b"OggS": "audio/ogg",
    b"fLaC": "audio/flac",
}
SHOWN = "PNG, JPEG, GIF, WebP, AVIF, BMP, MP3, WAV, Ogg, FLAC and M4A are shown"


@dataclass(frozen=True, slots=True)
class MediaFile:
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

    def fetch(self, address: MediaAddress) -> MediaFile:
        """One picture or sound.

        Raises
        ------
        Rejected
            Its host is not allowed, it is too large, or nothing that is shown.
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
        except (httpx.TransportError, httpx.InvalidURL, ValueError) as error:  # or a redirect to no address
            msg = f"its server does not answer as it should ({type(error).__name__})"
            raise Retryable(msg) from error
        finally:
            self._busy.release()

    def _fetch(self, address: MediaAddress, deadline: float) -> MediaFile:
        url, headers = address.url, address.headers  # which are for the first address alone
        with httpx.Client(timeout=QUIET_SECONDS, trust_env=False) as client:
            for _ in range(1 + MOST_REDIRECTS):
                request = self._request(url, headers, address.platform)
                with closing(client.send(request, stream=True)) as response:
                    if not response.has_redirect_location:
                        return _file(response, deadline)
                    url, headers = urljoin(url, response.headers["location"]), {}
        msg = "its server redirects too often"
        raise Rejected(msg)

    def _request(self, url: str, headers: Mapping[str, str], platform: str) -> httpx.Request:
        """A call of the number that an allowed host has now; Rejected where it is not allowed."""
        origin = origin_of(url)
        host, port = origin.host, origin.port
        own = origin == origin_of(platform)
        networks = list(_networks(self.hosts))
        if not own and not ({host, f"{host}:{port}"} & set(self.hosts) or _within(_number(host), networks)):
            raise Rejected(f"{host} is no host that pictures are taken from (dashboard.media_hosts)")
        numbers = resolved(host, port)
        if not own and not all(is_public(each) or _within(each, networks) for each in numbers):
            raise Rejected(f"{host} is a private address that dashboard.media_hosts does not list")
        address, named = at_number(url, numbers[0])
        # Label Studio answers 406 to who accepts pictures alone: what came is judged by how it begins.
        return httpx.Request(
            "GET",
            address,
            headers={**headers, "Host": named, "Accept": "*/*", "Accept-Encoding": "identity"},
            extensions={"sni_hostname": host, "timeout": httpx.Timeout(QUIET_SECONDS).as_dict()},
        )


def _networks(hosts: Sequence[str]) -> Iterator[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    for host in hosts:
        with suppress(ValueError):
            yield ipaddress.ip_network(host)


def _number(host: str) -> IpNumber | None:
    with suppress(ValueError):
        return ipaddress.ip_address(host)
    return None


def _within(number: IpNumber | None, networks: Sequence[Any]) -> bool:
    return number is not None and any(number in network for network in networks)


def _file(response: httpx.Response, deadline: float) -> MediaFile:
    if response.status_code in (404, 410):
        msg = "its server has no such file"
        raise NotFound(msg)
    if not response.is_success:
        raise Rejected(f"its server answers with HTTP {response.status_code}")
    parts: list[bytes] = []
    size, declared = 0, response.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > MOST_BYTES:
        raise Rejected(_too_large())
    for part in response.iter_raw():  # as they come: of a size they would be waited for, past the deadline
        size += len(part)
        if size > MOST_BYTES:
            raise Rejected(_too_large())
        if time.monotonic() > deadline:
            raise Retryable(f"it did not arrive within {SECONDS:.0f} seconds")
        parts.append(part)
    return MediaFile(media_kind(b"".join(parts[:START])[:START]), parts)


def media_kind(start: bytes) -> str:
    """The kind of a picture or sound by how it begins; Rejected for all else."""
    for signature, kind in SIGNATURES.items():
        if start.startswith(signature):
            return kind
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "image/webp"
    if start[:4] == b"RIFF" and start[8:12] == b"WAVE":
        return "audio/wav"
    if start[4:12] in (b"ftypavif", b"ftypavis"):
        return "image/avif"
    if start[4:11] == b"ftypM4A":
        return "audio/mp4"
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"
    raise Rejected(
        f"it is {'SVG or HTML, which can hold scripts' if text else 'no picture or sound'}: {SHOWN}"
    )


def _too_large() -> str:
    return f"it is larger than {MOST_BYTES // 1_000_000} MB"
