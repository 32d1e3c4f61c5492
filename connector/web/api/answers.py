"""Errors become answers, and every answer carries the headers that keep a browser safe."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connector import logs
from connector.errors import (
    Conflict,
    Forbidden,
    Misconfigured,
    NotFound,
    Rejected,
    Retryable,
    Unauthorised,
)

log = logs.get(__name__)

SAFE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        "media-src 'self' blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # not no-referrer: with it browsers hide the origin of our own forms
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


Page = Callable[[Request, Exception, int], Response]  # an error as people read it

ANSWERS: tuple[tuple[type[Exception], int], ...] = (
    (Unauthorised, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (Rejected, 400),
    (Conflict, 409),
    (Retryable, 503),
    (Misconfigured, 503),
)
FOR_PROGRAMS = ("/api/", "/hooks/", "/health", "/ready", "/metrics")


def add_error_answers(app: FastAPI, page: Page) -> None:
    """JSON where programs ask; elsewhere `page`."""

    def answer(request: Request, error: Exception) -> Response:
        code = next(code for kind, code in ANSWERS if isinstance(error, kind))
        if code == 503:
            log.error("request not answered", error=str(error))
        if not request.url.path.startswith(FOR_PROGRAMS):
            return page(request, error, code)
        return JSONResponse({"detail": str(error)}, status_code=code, headers=headers_of(error, code))

    for kind, _ in ANSWERS:
        app.add_exception_handler(kind, answer)

    def unknown(request: Request, error: Exception) -> Response:
        """What the framework refuses itself: an address that is none, a method that it does not take."""
        code = getattr(error, "status_code", 404)
        if request.url.path.startswith(FOR_PROGRAMS):
            headers = getattr(error, "headers", None)
            return JSONResponse({"detail": getattr(error, "detail", "")}, status_code=code, headers=headers)
        text = "this address takes no such request" if code == 405 else "there is no such page"
        return page(request, NotFound(text), code)

    def unexpected(request: Request, error: Exception) -> Response:
        reference = uuid.uuid4().hex[:8]
        log.error("request failed", reference=reference, exc_info=error)
        said = f"the service failed; its log says how, beside the reference {reference}"
        headers = SAFE_HEADERS | UNCACHED  # this answer is made outside of all middleware
        if request.url.path.startswith(FOR_PROGRAMS):
            return JSONResponse({"detail": said}, status_code=500, headers=headers)
        result = page(request, RuntimeError(said), 500)
        result.headers.update(headers)
        return result

    app.add_exception_handler(HTTPException, unknown)
    app.add_exception_handler(Exception, unexpected)


def headers_of(error: Exception, code: int) -> dict[str, str]:
    """What an answer of this code says besides: how to ask, or when."""
    if code == 401:
        return {"WWW-Authenticate": 'Bearer realm="secondlook"'}
    after = getattr(error, "after", None)
    return {"Retry-After": str(math.ceil(after or RETRY_SECONDS))} if code == 503 else {}
