"""Errors become answers, and every answer carries the headers that keep a browser safe."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connector import logs
from connector.errors import BadPayload, Conflict, Misconfigured, NotFound, Rejected, Retryable, Unauthorised

log = logs.get(__name__)

SAFE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
UNCACHED = {"Cache-Control": "no-store"}
RETRY_SECONDS = 10


class SafeHeaders:
    """Plain ASGI, so that it costs nothing per body chunk and sees every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in (SAFE_HEADERS | UNCACHED).items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_safely)


def add_error_answers(app: FastAPI) -> None:
    app.add_exception_handler(Unauthorised, _unauthorised)
    app.add_exception_handler(Retryable, _unavailable)
    app.add_exception_handler(Misconfigured, _unavailable)
    app.add_exception_handler(NotFound, _plain(404))
    app.add_exception_handler(BadPayload, _plain(400))
    app.add_exception_handler(Rejected, _plain(400))
    app.add_exception_handler(Conflict, _plain(409))
    app.add_exception_handler(Exception, _unexpected)


def _plain(code: int) -> Callable[[Request, Exception], Awaitable[JSONResponse]]:
    async def answer(_request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, status_code=code)

    return answer


async def _unauthorised(_request: Request, error: Exception) -> JSONResponse:
    return JSONResponse(
        {"detail": str(error)}, status_code=401, headers={"WWW-Authenticate": 'Bearer realm="secondlook"'}
    )


async def _unavailable(_request: Request, error: Exception) -> JSONResponse:
    log.error("request not answered", error=str(error))
    after = math.ceil(getattr(error, "after", None) or RETRY_SECONDS)
    return JSONResponse({"detail": str(error)}, status_code=503, headers={"Retry-After": str(after)})


async def _unexpected(_request: Request, error: Exception) -> JSONResponse:
    log.error("request failed", exc_info=error)
    return JSONResponse(
        {"detail": "internal error; see the service's log"},
        status_code=500,
        headers=SAFE_HEADERS | UNCACHED,  # this answer is made outside of all middleware
    )
