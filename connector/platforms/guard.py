"""Addresses that somebody names and we call: never a way into our own network.

What a name resolves to is looked at, and that very number is called: a name that resolves otherwise a moment
later changes nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from connector.errors import NotFound, Rejected

TRANSLATED = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "2002::/16")))  # of IPv4, private ones too

IpNumber = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class WebOrigin:
    scheme: str
    host: str
    port: int


def origin_of(url: str) -> WebOrigin:
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
    return WebOrigin(parts.scheme, parts.hostname, port)


def resolved(host: str, port: int) -> list[IpNumber]:
    """The numbers of a host now; NotFound where it has none."""
    try:
        result = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotFound(f"there is no host {host}") from error
    return [ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in result]


def is_public(number: IpNumber) -> bool:
    """Whether the number is one of the internet, and no other way to say a private one."""
    hidden = any(number in network for network in TRANSLATED)
    return number.is_global and not number.is_multicast and not hidden


def at_number(url: str, number: IpNumber) -> tuple[str, str]:
    """The address with the number in place of its host, and the value of the Host header."""
    parts, origin = urlsplit(url), origin_of(url)
    shown = f"[{number}]" if number.version == 6 else str(number)
    netloc = f"{shown}:{origin.port}"
    return urlunsplit((origin.scheme, netloc, parts.path, parts.query, "")), parts.netloc
