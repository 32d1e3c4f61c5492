"""What a form sent, and whether it was ours that sent it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse
from starlette.requests import ClientDisconnect

from connector.errors import BadPayload, Conflict, Forbidden, Retryable, SecondlookError
from connector.model.access import Principal
from connector.store.unit_of_work import UnitOfWork
from connector.web.access import Running, principal
from connector.web.room import Room, Take
from connector.wiring import Services

MOST_BYTES = 100_000
MOST_FIELDS = 1_000
ROOM_BYTES = 4_000_000  # of forms that are being received or worked on; what is read of them takes some more
SECONDS = 10.0
KEYS_KEPT = timedelta(days=1)

Fields = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Posted:
    """A form, and the person or token that sent it."""

    who: Principal
    fields: Fields

    def text(self, name: str, default: str = "") -> str:
        return self.fields.get(name, (default,))[0]

    def needed(self, name: str) -> str:
        """BadPayload where the form has no such field."""
        value = self.text(name)
        if not value:
            raise BadPayload(f"{name}: the form did not send it; load the page again")
        return value

    def all(self, name: str) -> tuple[str, ...]:
        return self.fields.get(name, ())


async def fields(request: Request) -> AsyncIterator[Fields]:
    """The fields of a form. BadPayload for what is none, Forbidden where another site sent it.

    Retryable where others' forms take all the room, until the requests that they came with have ended.
    """
    _require_own_origin(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        msg = "send a form (application/x-www-form-urlencoded)"
        raise BadPayload(msg)
    room: Room = request.app.state.room_for_forms
    with room.share() as take:
        yield _read(await _body(request, take))


def _read(body: bytes) -> Fields:
    try:
        result = parse_qs(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except (UnicodeDecodeError, ValueError) as error:
        msg = "the form cannot be read"
        raise BadPayload(msg) from error
    return {name: tuple(values) for name, values in result.items()}


SentFields = Annotated[Fields, Depends(fields)]


async def posted(request: Request, services: Running, sent: SentFields) -> Posted:
    """A form of somebody who may change something; a session's form carries the session's own mark."""
    who = await run_in_threadpool(principal, request, services)
    if not who.writes:
        msg = "this token reads, and changes nothing; sign in, or use a token of `secondlook tokens add`"
        raise Forbidden(msg)
    mark = sent.get("csrf", ("",))[0]
    if who.csrf is not None and not hmac.compare_digest(mark.encode(), who.csrf.encode()):
        msg = "the form is of another session; load the page again"
        raise Forbidden(msg)
    return Posted(who, sent)


Form = Annotated[Posted, Depends(posted)]


def once(services: Services, form: Posted, act: Callable[[UnitOfWork], str]) -> RedirectResponse:
    """Do what a form asks for in one transaction, and lead to where it says: twice sent, once done."""
    key = form.text("key")
    if not _is_key(key):
        msg = "key: the form did not send it; load the page again"
        raise BadPayload(msg)
    with services.store.begin() as unit:
        before = unit.request_keys.location(form.who.actor, key)
        if before is not None:
            return RedirectResponse(before, status_code=303)
        location = act(unit)
        unit.request_keys.forget(unit.now - KEYS_KEPT)
        if not unit.request_keys.add(form.who.actor, key, location):
            msg = "the same form is being worked on; load the page again"
            raise Conflict(msg)
    return RedirectResponse(location, status_code=303)


def new_key() -> str:
    """What makes two clicks on one form one request."""
    return str(uuid.uuid4())


def _is_key(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def _require_own_origin(request: Request) -> None:
    """Another site's form is refused by what the browser says of itself; programs say nothing of it."""
    site = request.headers.get("sec-fetch-site", "none")
    origin = request.headers.get("origin")
    foreign = origin is not None and origin.partition("://")[2] != request.headers.get("host", "")
    if site not in ("same-origin", "none") or foreign:
        msg = "the form was sent by another site"
        raise Forbidden(msg)


async def _body(request: Request, take: Take) -> bytes:
    result = await _received(request, take)
    if isinstance(result, SecondlookError):
        raise result
    return result


async def _received(request: Request, take: Take) -> bytes | SecondlookError:
    """The body, or why there is none: raised in here, the error would hold what had arrived."""
    received = bytearray()
    try:
        async with asyncio.timeout(SECONDS):
            async for chunk in request.stream():
                received += chunk
                if len(received) > MOST_BYTES:
                    return BadPayload(f"the form has more than {MOST_BYTES:,} bytes")
                if not take(len(chunk)):
                    return Retryable("too many forms are being sent at once")
    except (TimeoutError, ClientDisconnect):
        return BadPayload("the form did not arrive")
    return bytes(received)


def stamp(*values: object) -> str:
    """What a row was when its form was made, in short."""
    text = "\x00".join(str(value or "") for value in values)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def require_unchanged(form: Posted, present: str, now: str) -> None:
    """Conflict, saying what the row is `now`, where it is not what its form was made of."""
    if form.text("was") != present:
        raise Conflict(f"{now}; it was changed since the page was loaded, and nothing was done")
