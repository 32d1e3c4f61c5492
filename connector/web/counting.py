"""Answers of the web process: how long each route took, what became of deliveries, and a line for each."""

from __future__ import annotations

import logging
import re
import time
from urllib.parse import quote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connector.logs import is_worth_a_line
from connector.model.metrics import Accumulator, counted, timed
from connector.wiring import Services

HOOK = re.compile(r"/hooks/([a-z0-9][a-z0-9_-]{0,39})/")
NO_ROUTE = "none"

lines = logging.getLogger(__name__)


class Counting:
    """Plain ASGI: a few additions in memory for each answer; what is counted is stored now and then."""

    def __init__(self, app: ASGIApp, accumulator: Accumulator, services: Services) -> None:
        self._app = app
        self._accumulator = accumulator
        self._projects = services.settings.projects

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.monotonic(), 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            self._count(scope, status or 500, time.monotonic() - started)
            _log(scope, status or 500)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        # An unknown path or method must not make a series of its own: there is no end of them.
        route = getattr(scope.get("route"), "path", NO_ROUTE)
        method = scope["method"] if route != NO_ROUTE else NO_ROUTE
        self._accumulator.add(
            timed("http_request_duration_seconds", seconds, route=route, method=method, status=str(status))
        )
        hook = HOOK.match(scope["path"])
        if hook is not None and hook.group(1) in self._projects:
            result = "taken" if status < 300 else "refused" if status < 500 else "failed"
            self._accumulator.add(counted("webhook_deliveries_total", project=hook.group(1), result=result))


def _log(scope: Scope, status: int) -> None:
    """As the server would, which makes a line for each delivery before it is asked whether one is wanted."""
    if is_worth_a_line(scope["path"], status):
        host, port = scope.get("client") or ("", 0)
        query = scope.get("query_string", b"").decode("latin-1")
        path = quote(scope["path"]) + (query and f"?{query}")
        version = scope.get("http_version", "")
        lines.info('%s:%d - "%s %s HTTP/%s" %d', host, port, scope["method"], path, version, status)


def store_counts(services: Services, accumulator: Accumulator) -> None:
    """Put what was counted into the database; an error leaves it for the next time."""
    with accumulator.taken() as values:
        if values:
            with services.store.begin() as unit:
                unit.tallies.add(values)
