"""Where platforms deliver their webhooks. An annotator's browser waits for the answer: be short."""

from __future__ import annotations

import asyncio
import hmac

from fastapi import APIRouter, HTTPException, Request, Response, status
from fastapi.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from connector import logs
from connector.errors import BadPayload, Misconfigured, Retryable, Unauthorised
from connector.model import Role
from connector.web import intake
from connector.web.access import Running
from connector.wiring import Services

BODY_SECONDS = 10.0  # a delivery that takes longer to arrive is dropped
LONGEST_LENGTH = 18  # digits of a Content-Length: more is never a length, and slow to read as a number
RETRY_SECONDS = 30  # said to a platform that may try again

log = logs.get(__name__)
router = APIRouter()


@router.post("/hooks/{project}/{role}/{path_key}", status_code=202, include_in_schema=False)
async def receive(project: str, role: str, path_key: str, request: Request, services: Running) -> Response:
    """Verify, store once, acknowledge. 400, 401 and 413 for what is hostile; never 500."""
    addressee = _addressee(services, project, role, path_key)
    body = await _body(request, services.settings.server.max_body_bytes)
    with logs.bound(project=project, role=addressee.value):
        return await run_in_threadpool(_accept, services, project, addressee, dict(request.headers), body)


def _addressee(services: Services, project: str, role: str, path_key: str) -> Role:
    """The role; 404 for an unknown project, an unknown role or a wrong key, after the same work for each."""
    known_role = role in {each.value for each in Role}
    wanted = Role(role) if known_role else Role.SOURCE
    expected = services.keyring.webhook_path_key(project, wanted)
    right_key = hmac.compare_digest(path_key.encode("utf-8", "replace"), expected.encode())
    if not (right_key and known_role and project in services.settings.projects):
        raise HTTPException(status.HTTP_404_NOT_FOUND)
    return wanted


async def _body(request: Request, limit: int) -> bytes:
    """The body, read no further than the limit."""
    if _announces_more(request.headers.get("content-length", ""), limit):
        raise HTTPException(status.HTTP_413_CONTENT_TOO_LARGE)
    received = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                received += chunk
                if len(received) > limit:
                    raise HTTPException(status.HTTP_413_CONTENT_TOO_LARGE)
    except TimeoutError as error:
        raise HTTPException(status.HTTP_408_REQUEST_TIMEOUT) from error
    except ClientDisconnect as error:
        raise HTTPException(status.HTTP_400_BAD_REQUEST) from error
    return bytes(received)


def _announces_more(length: str, limit: int) -> bool:
    """Whether a Content-Length is beyond the limit; what is no number says nothing, however it looks."""
    digits = length.lstrip("0") if length.isascii() and length.isdigit() else ""
    return len(digits) > LONGEST_LENGTH or int(digits or "0") > limit


def _accept(services: Services, project: str, role: Role, headers: dict[str, str], body: bytes) -> Response:
    try:
        delivery = intake.accept(services, project, role, headers, body)
    except Unauthorised as error:
        log.warning("delivery refused", reason=str(error))
        return Response(status_code=401)
    except BadPayload as error:
        log.warning("delivery refused", reason=str(error))
        return Response(status_code=400)
    except (Retryable, Misconfigured) as error:
        log.error("delivery not stored; polling will find the change", error=str(error))  # noqa: TRY400 - expected
    except Exception:
        log.exception("delivery not stored; polling will find the change")
    else:
        log.info("delivery stored" if delivery else "delivery held nothing to do", delivery=delivery)
        return Response(status_code=202)
    # A failure of ours: the platform's log shows it, and nothing of its cause leaves the process.
    return Response(status_code=503, headers={"Retry-After": str(RETRY_SECONDS)})
