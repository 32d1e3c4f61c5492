"""Signing in and out, and the one-time link that makes the first user."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from connector.actions import passwords, sign_in
from connector.config.keyring import TOKEN_FILE
from connector.errors import BadPayload, Conflict, Forbidden, NotFound, Retryable, Unauthorised
from connector.web.access import Running, address_of, cookie_name, local, secure
from connector.web.dashboard.rendering import own_path, render
from connector.web.forms import Fields, Form, SentFields
from connector.wiring import Services

OF_ISSUER = "oidc:"  # begins the names of those whom an issuer names: no name of a user of ours does

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class EntranceForm:
    """What the form of a sign-in holds; `problem` is said beside it."""

    next: str
    name: str = ""
    problem: str = ""


@router.get("/sign-in")
def sign_in_page(request: Request, services: Running) -> Response:
    return _entrance(request, services, EntranceForm(own_path(request.query_params.get("next", "/"))))


@router.post("/sign-in")
async def sign_in_form(request: Request, services: Running, sent: SentFields) -> Response:
    require_private(request, services)
    return await run_in_threadpool(_sign_in, request, services, sent)


@router.post("/sign-out")
def sign_out(request: Request, services: Running, form: Form) -> Response:
    """End the session, on the server; a token has none to end."""
    name = cookie_name(request, services)
    token = request.cookies.get(name)
    if token is not None:
        with services.store.begin() as unit:
            sign_in.sign_out(unit, token)
    of_issuer = form.who.actor.startswith(f"user:{OF_ISSUER}")
    answer = RedirectResponse("/sign-out/oidc" if of_issuer else "/sign-in", status_code=303)
    answer.delete_cookie(name, path="/", secure=secure(request, services), httponly=True, samesite="lax")
    return answer


@router.get("/first/{key}")
def first_page(key: str, services: Running) -> Response:
    with services.store.read() as unit:
        if not sign_in.is_first_link(unit, key):
            msg = "this link was used, has expired, or is not one; `secondlook users add` makes users too"
            raise NotFound(msg)
    return _first(key, EntranceForm("/"))


@router.post("/first/{key}")
async def first_form(key: str, request: Request, services: Running, sent: SentFields) -> Response:
    require_private(request, services)
    return await run_in_threadpool(_make_first, key, request, services, sent)


def _sign_in(request: Request, services: Services, sent: Fields) -> Response:
    name, password, target = (_text(sent, field) for field in ("name", "password", "next"))
    target = own_path(target or "/")
    old = request.cookies.get(cookie_name(request, services))
    try:
        session = sign_in.sign_in(services.store, name, password, address_of(request), old)
    except (Unauthorised, Retryable) as error:
        if isinstance(error, Retryable) and error.after is None:
            raise  # the database, not the guesses
        code = 401 if isinstance(error, Unauthorised) else 429
        answer = _entrance(request, services, EntranceForm(target, name, str(error)), code)
        if isinstance(error, Retryable):
            answer.headers["Retry-After"] = str(int(error.after or 0))
        return answer
    return entered(request, services, session, target)


def _make_first(key: str, request: Request, services: Services, sent: Fields) -> Response:
    name, password, again = (_text(sent, field) for field in ("name", "password", "again"))
    if password != again:
        return _first(key, EntranceForm("/", name, "the two passwords differ"), 400)
    try:
        with services.store.begin() as unit:
            session = sign_in.make_first_user(unit, key, name, password, address_of(request))
    except NotFound:
        raise
    except (BadPayload, Conflict) as error:
        return _first(key, EntranceForm("/", name, str(error)), 400)
    return entered(request, services, session, "/")


def entered(request: Request, services: Services, session: sign_in.OpenedSession, target: str) -> Response:
    """Lead to the page that was asked for, with the session's cookie."""
    answer = RedirectResponse(target, status_code=303)
    answer.set_cookie(
        cookie_name(request, services),
        session.token,
        max_age=int(sign_in.LASTS.total_seconds()),
        path="/",
        secure=secure(request, services),
        httponly=True,
        samesite="lax",
    )
    return answer


def require_private(request: Request, services: Services) -> None:
    """A password that crosses a network in clear is everybody's."""
    if not secure(request, services) and not local(request):
        msg = (
            "signing in needs https, except on this machine itself: put a proxy with TLS in front, and set "
            "server.public_url to its https:// address"
        )
        raise Forbidden(msg)


def _entrance(request: Request, services: Services, entry: EntranceForm, code: int = 200) -> Response:
    with services.store.read() as unit:
        anybody = sign_in.has_admin(unit)
    issuer = services.settings.sign_in.oidc
    return render(
        "sign_in.html",
        code=code,
        entry=entry,
        anybody=anybody or issuer.url is not None,
        private=secure(request, services) or local(request),
        token_file=TOKEN_FILE,
        issuer=issuer.title if issuer.url is not None else None,
    )


def _first(key: str, entry: EntranceForm, code: int = 200) -> Response:
    return render("first.html", code=code, key=key, entry=entry, shortest=passwords.SHORTEST)


def _text(sent: Fields, name: str) -> str:
    return sent.get(name, ("",))[0]
