"""Where platforms deliver their webhooks. An annotator's browser waits for the answer: be short."""

from __future__ import annotations

import asyncio
import hmac
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

from fastapi import Request, Response, status
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from connector import logs, traces
from connector.errors import BadPayload, Misconfigured, Retryable, Unauthorised
from connector.model import Role
from connector.web import intake
from connector.web.intake import Delivery
from connector.web.room import ROOM_BYTES, Room, Take, has_too_many_parts
from connector.web.together import GroupCommit
from connector.wiring import Services

BODY_SECONDS = 10.0  # a delivery that takes longer to arrive is dropped
LONGEST_LENGTH = 18  # digits of a Content-Length: more is never a length, and slow to read as a number
ROUTE = SimpleNamespace(path="/hooks/{project}/{role}/{path_key}")  # the name by which answers are counted
PATH_PARTS = len(ROUTE.path.split("/"))
SHORT_BYTES = 65_536  # read as JSON well within a millisecond
LOST = "delivery not stored; polling will find the change"
RETRY_SECONDS = 30  # said to a platform that may try again

ACCEPTED = Response(status_code=status.HTTP_202_ACCEPTED)

log = logs.get(__name__)


class Hooks:
    """Answers deliveries before the application is asked: its routing would cost more than all the rest."""

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self._app = app
        self._services = services
        self._room = Room(max(ROOM_BYTES, services.settings.server.max_body_bytes))
        # One long body at a time: what JSON becomes takes many times its size.
        self._reader = ThreadPoolExecutor(1, "reader")
        self._deliveries = GroupCommit[Delivery](lambda together: intake.store(services, together))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        parts = scope["path"].split("/") if scope["type"] == "http" and scope["method"] == "POST" else []
        if parts[1:2] != ["hooks"] or len(parts) != PATH_PARTS:
            await self._app(scope, receive, send)
            return
        scope["route"] = ROUTE
        response = await self._answer(Request(scope, receive), *parts[2:])
        await response(scope, receive, send)

    async def _answer(self, request: Request, project: str, role: str, path_key: str) -> Response:
        """Verify, store once, acknowledge. 400, 401 and 413 for what is hostile; never 500.

        503 for what there is no room for just now.
        """
        addressee = _addressee(self._services, project, role, path_key)
        if addressee is None:
            return JSONResponse({"detail": "Not Found"}, status.HTTP_404_NOT_FOUND)
        try:
            delivery = await self._received(request, project, addressee)
            if isinstance(delivery, int):
                return _refusal(delivery)
            if delivery is not None:
                await self._deliveries.add(replace(delivery, traceparent=traces.traceparent()))
        except (Unauthorised, BadPayload) as error:
            log.warning("delivery refused", project=project, role=role, reason=str(error))
            return Response(status_code=401 if isinstance(error, Unauthorised) else 400)
        except (Retryable, Misconfigured) as error:
            log.error(LOST, project=project, role=role, error=str(error))  # noqa: TRY400 - expected
        except Exception:
            log.exception(LOST, project=project, role=role)
        else:
            return ACCEPTED
        # A failure of ours: the platform's log shows it, and nothing of its cause leaves the process.
        return _refusal(status.HTTP_503_SERVICE_UNAVAILABLE)

    async def _received(self, request: Request, project: str, role: Role) -> Delivery | int | None:
        """What the request delivers, if anything; the status to answer with where it cannot be taken."""
        with self._room.share() as take:
            body = await _body(request, self._services.settings.server.max_body_bytes, take)
            if isinstance(body, int):
                return body
            if len(body) > SHORT_BYTES and has_too_many_parts(body):
                return status.HTTP_413_CONTENT_TOO_LARGE
            return await self._verified(project, role, request.headers, body)

    async def _verified(self, project: str, role: Role, headers: Headers, body: bytes) -> Delivery | None:
        """At once, or in a thread where it would hold up the others."""
        arguments = self._services, project, role, headers, body
        if len(body) > SHORT_BYTES:
            return await asyncio.get_running_loop().run_in_executor(self._reader, intake.verified, *arguments)
        return intake.verified(*arguments)


def _refusal(code: int) -> Response:
    again = code == status.HTTP_503_SERVICE_UNAVAILABLE
    return Response(status_code=code, headers={"Retry-After": str(RETRY_SECONDS)} if again else None)


def _addressee(services: Services, project: str, role: str, path_key: str) -> Role | None:
    """The role; None for an unknown project, an unknown role or a wrong key, after the same work for each."""
    known_role = role in {each.value for each in Role}
    wanted = Role(role) if known_role else Role.SOURCE
    expected = services.keyring.webhook_path_key(project, wanted)
    right_key = hmac.compare_digest(path_key.encode("utf-8", "replace"), expected.encode())
    if not (right_key and known_role and project in services.settings.projects):
        return None
    return wanted


async def _body(request: Request, limit: int, take: Take) -> bytes | int:
    """The body, read no further than the limit or the room; the status to answer with where there is none."""
    if _announces_more(request.headers.get("content-length", ""), limit):
        return status.HTTP_413_CONTENT_TOO_LARGE
    received = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                received += chunk
                if len(received) > limit:
                    return status.HTTP_413_CONTENT_TOO_LARGE
                if not take(len(chunk)):
                    return status.HTTP_503_SERVICE_UNAVAILABLE
    except TimeoutError:
        return status.HTTP_408_REQUEST_TIMEOUT
    except ClientDisconnect:
        return status.HTTP_400_BAD_REQUEST
    return bytes(received)


def _announces_more(length: str, limit: int) -> bool:
    """Whether a Content-Length is beyond the limit; what is no number says nothing, however it looks."""
    digits = length.lstrip("0") if length.isascii() and length.isdigit() else ""
    return len(digits) > LONGEST_LENGTH or int(digits or "0") > limit
