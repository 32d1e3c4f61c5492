"""A span for each request, named by its route: never by its path, which can hold a key."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connector import traces
from connector.traces import SpanRole

SERVER_FAULT = 500


class Tracing:
    """Plain ASGI; one test and nothing more while nothing is traced."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not traces.on():
            await self._app(scope, receive, send)
            return
        method = scope["method"]
        with traces.span("request", SpanRole.SERVER, {"http.request.method": method}) as span:

            async def noting(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.set_attribute("http.response.status_code", message["status"])
                    if message["status"] >= SERVER_FAULT:
                        span.set_attribute("error.type", str(message["status"]))
                await send(message)

            await self._app(scope, receive, noting)
            route = getattr(scope.get("route"), "path", None)
            if route is not None:
                span.update_name(f"{method} {route}")
                span.set_attribute("http.route", route)
