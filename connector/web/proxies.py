"""What a proxy says of the browser behind it: believed of those that the configuration names alone."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

BELIEVED = "secondlook.believed_proxy"  # in the scope: the request came from a proxy that is believed


class Proxies:
    """Plain ASGI, outside of all else: sets scheme and address, and notes whom they are by.

    The server beneath must not do the same first: it would put the browser's word in place of the peer.
    """

    def __init__(self, app: ASGIApp, trusted: Sequence[str]) -> None:
        self._app = app
        self._networks = [ipaddress.ip_network(each) for each in trusted]
        self._is_trusted = lru_cache(1024)(self._is_in_a_network)  # one proxy brings them all

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._is_trusted(_peer(scope)):
            scope[BELIEVED] = True
            headers = Headers(scope=scope)
            if headers.get("x-forwarded-proto") in ("http", "https"):
                scope["scheme"] = headers["x-forwarded-proto"]
            address = self._browser(headers.getlist("x-forwarded-for"))
            if address is not None:
                scope["client"] = (address, 0)
        await self._app(scope, receive, send)

    def _browser(self, forwarded: Sequence[str]) -> str | None:
        """The last address that no proxy of ours has: those before it are what the browser says of itself."""
        addresses = [each.strip() for each in ",".join(forwarded).split(",") if each.strip()]
        return next((each for each in reversed(addresses) if not self._is_trusted(each)), None)

    def _is_in_a_network(self, address: str) -> bool:
        try:
            number = ipaddress.ip_address(address)
        except ValueError:
            return False
        mapped = getattr(number, "ipv4_mapped", None)
        return any((mapped or number) in network for network in self._networks)


def _peer(scope: Any) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""
