"""Where platforms deliver their webhooks. An annotator's browser waits for the answer: be short."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

from fastapi import Response, status
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

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
ROLES = {role.value: role for role in Role}
SHORT_BYTES = 65_536  # read as JSON well within a millisecond
LOST = "delivery not stored; polling will find the change"
RETRY_SECONDS = 30  # said to a platform that may try again

ACCEPTED = Response(status_code=status.HTTP_202_ACCEPTED)

log = logs.get(__name__)


def is_delivery(scope: Scope) -> bool:
    """Whether a request is a delivery's."""
    return (
        scope["type"] == "http"
        and scope["method"] == "POST"
        and scope["path"].startswith("/hooks/")
        and len(scope["path"].split("/")) == PATH_PARTS
    )


class Hooks:
    """Plain ASGI that answers deliveries, and nothing else."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._room = Room(max(ROOM_BYTES, services.settings.server.max_body_bytes))
        # One long body at a time: what JSON becomes takes many times its size.
        self._reader = ThreadPoolExecutor(1, "reader")
        self._deliveries = GroupCommit[Delivery](lambda together: intake.store(services, together))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = ROUTE
        response = await self._answer(_headers(scope), receive, *scope["path"].split("/")[2:])
        await response(scope, receive, send)

    async def _answer(
        self, headers: Mapping[str, str], receive: Receive, project: str, role: str, path_key: str
    ) -> Response:
        """Verify, store once, acknowledge. 400, 401 and 413 for what is hostile; never 500.

        503 for what there is no room for just now.
        """
        addressee = _addressee(self._services, project, role, path_key)
        if addressee is None:
            return JSONResponse({"detail": "Not Found"}, status.HTTP_404_NOT_FOUND)
        try:
            delivery = await self._received(headers, receive, project, addressee)
            if isinstance(delivery, int):
                return _refusal(delivery)
            if delivery is not None:
                traced = replace(delivery, traceparent=traces.traceparent()) if traces.on() else delivery
                await self._deliveries.add(traced)
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

    async def _received(
        self, headers: Mapping[str, str], receive: Receive, project: str, role: Role
    ) -> Delivery | int | None:
        """What the request delivers, if anything; the status to answer with where it cannot be taken."""
        limit = self._services.settings.server.max_body_bytes
        if _announces_more(headers.get("content-length", ""), limit):
            return status.HTTP_413_CONTENT_TOO_LARGE
        with self._room.share() as take:
            body = await _body(receive, limit, take)
            if isinstance(body, int):
                return body
            if len(body) > SHORT_BYTES and has_too_many_parts(body):
                return status.HTTP_413_CONTENT_TOO_LARGE
            return await self._verified(project, role, headers, body)

    async def _verified(
        self, project: str, role: Role, headers: Mapping[str, str], body: bytes
    ) -> Delivery | None:
        """At once, or in a thread where it would hold up the others."""
        arguments = self._services, project, role, headers, body
        if len(body) > SHORT_BYTES:
            return await asyncio.get_running_loop().run_in_executor(self._reader, intake.verified, *arguments)
        return intake.verified(*arguments)


def _headers(scope: Scope) -> dict[str, str]:
    """By name, in lower case; of several of one name the first."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(scope["headers"])}


def _refusal(code: int) -> Response:
    again = code == status.HTTP_503_SERVICE_UNAVAILABLE
    return Response(status_code=code, headers={"Retry-After": str(RETRY_SECONDS)} if again else None)


def _addressee(services: Services, project: str, role: str, path_key: str) -> Role | None:
    """The role; None for an unknown project, an unknown role or a wrong key, after the same work for each."""
    known_role = role in ROLES
    wanted = ROLES.get(role, Role.SOURCE)
    expected = services.keyring.webhook_path_key(project, wanted)
    right_key = hmac.compare_digest(path_key.encode("utf-8", "replace"), expected.encode())
    if not (right_key and known_role and project in services.settings.projects):
        return None
    return wanted


async def _body(receive: Receive, limit: int, take: Take) -> bytes | int:
    """The body, read no further than the limit or the room; the status to answer with where there is none."""
    received = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            more = True
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return status.HTTP_400_BAD_REQUEST
                chunk, more = message.get("body", b""), message.get("more_body", False)
                received += chunk
                if len(received) > limit:
                    return status.HTTP_413_CONTENT_TOO_LARGE
                if not take(len(chunk)):
                    return status.HTTP_503_SERVICE_UNAVAILABLE
    except TimeoutError:
        return status.HTTP_408_REQUEST_TIMEOUT
    return bytes(received)


def _announces_more(length: str, limit: int) -> bool:
    """Whether a Content-Length is beyond the limit; what is no number says nothing, however it looks."""
    digits = length.lstrip("0") if length.isascii() and length.isdigit() else ""
    return len(digits) > LONGEST_LENGTH or int(digits or "0") > limit
