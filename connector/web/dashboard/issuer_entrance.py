"""Signing in by an OpenID Connect issuer: there, and back."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from connector.actions import sign_in
from connector.actions.users import NAME
from connector.errors import Forbidden, Misconfigured, NotFound, Retryable, Unauthorised
from connector.platforms.issuer import Issuer
from connector.web.access import Running, address_of, cookie_name, secure
from connector.web.dashboard.entrance import OF_ISSUER, entered, require_private
from connector.web.dashboard.rendering import own_path, render
from connector.wiring import Services

LASTS_SECONDS = 600  # from the way there to the way back
BACK = "/sign-in/oidc/back"

router = APIRouter(include_in_schema=False)


@router.get("/sign-in/oidc")
def way_there(request: Request, services: Running) -> Response:
    """Lead to the issuer; what must come back with the person is in a cookie of theirs, sealed."""
    require_private(request, services)
    issuer = _issuer(request, services)
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    scopes = services.settings.sign_in.oidc.scopes
    answer = RedirectResponse(
        issuer.way_there(_back(services), scopes, state, nonce, challenge), status_code=303
    )
    until = services.clock.now().timestamp() + LASTS_SECONDS
    kept = {"state": state, "nonce": nonce, "verifier": verifier, "until": until}
    kept["next"] = own_path(request.query_params.get("next", "/"))
    answer.set_cookie(
        _cookie(request, services),
        _sealed(services, kept),
        max_age=LASTS_SECONDS,
        path="/",
        secure=secure(request, services),
        httponly=True,
        samesite="lax",  # strict would keep it from the way back
    )
    return answer


@router.get(BACK)
def way_back(request: Request, services: Running) -> Response:
    """Open a session for whom the issuer names; Unauthorised or Forbidden, saying why not."""
    issuer = _issuer(request, services)
    kept = _opened(services, request.cookies.get(_cookie(request, services), ""))
    query = request.query_params
    if not hmac.compare_digest(query.get("state", "").encode(), kept["state"].encode()):
        msg = "this is the end of another sign-in; begin again at /sign-in"
        raise Forbidden(msg)
    if "code" not in query:
        msg = f"the issuer let nobody in ({query.get('error', 'no reason')[:80]})"
        raise Forbidden(msg)
    try:
        claims = issuer.claims(query["code"], kept["verifier"], kept["nonce"], _back(services))
    except Unauthorised as error:  # a page that says so, not one that leads to the issuer again and again
        raise Forbidden(str(error)) from error
    name, groups = _who(services, claims)
    grants = services.settings.sign_in.grants(groups)
    old = request.cookies.get(cookie_name(request, services))
    session = sign_in.enter(services.store, f"{OF_ISSUER}{name}", grants, address_of(request), old)
    answer = entered(request, services, session, own_path(kept["next"]))
    answer.delete_cookie(_cookie(request, services), path="/", secure=secure(request, services))
    return answer


@router.get("/sign-out/oidc")
def way_out(request: Request, services: Running) -> Response:
    """Say that the session here is over, and where the one at the issuer ends: by a link, since a form that
    leads to another site is none of ours."""
    try:
        there = _issuer(request, services).way_out(f"{services.settings.server.url}/sign-in")
    except (Retryable, Misconfigured):
        there = None  # the session here is over all the same
    return render("sign_out.html", there=there, issuer=services.settings.sign_in.oidc.title)


def _issuer(request: Request, services: Services) -> Issuer:
    if services.settings.sign_in.oidc.url is None:
        msg = "no issuer is configured"
        raise NotFound(msg)
    issuer: Issuer = request.app.state.issuer
    return issuer


def _who(services: Services, claims: Mapping[str, Any]) -> tuple[str, list[str]]:
    chosen = services.settings.sign_in.oidc
    name = claims.get(chosen.name_claim)
    if not isinstance(name, str) or not NAME.fullmatch(name) or len(name) > 80 - len(OF_ISSUER):
        raise Forbidden(f"the issuer's claim {chosen.name_claim} is no name that can be kept")
    if chosen.name_claim == "email" and claims.get("email_verified") is not True:
        msg = "the issuer has not verified this address"
        raise Forbidden(msg)
    groups = claims.get(chosen.roles_claim)
    groups = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
    return name, [group for group in groups if isinstance(group, str)]


def _back(services: Services) -> str:
    return f"{services.settings.server.url}{BACK}"


def _cookie(request: Request, services: Services) -> str:
    return f"{cookie_name(request, services)}-oidc"


def _sealed(services: Services, kept: Mapping[str, Any]) -> str:
    body = urlsafe_b64encode(json.dumps(dict(kept)).encode())
    return f"{body.decode()}.{_seal(services, body)}"


def _opened(services: Services, cookie: str) -> dict[str, Any]:
    """What was kept; Forbidden where it is not ours, or too old."""
    body, _, seal = cookie.partition(".")
    ours = hmac.compare_digest(seal.encode(), _seal(services, body.encode()).encode())
    kept: dict[str, Any] = json.loads(urlsafe_b64decode(body)) if ours else {"until": 0.0}
    if services.clock.now().timestamp() > kept["until"]:
        msg = "the sign-in took too long, or began in another browser; begin again at /sign-in"
        raise Forbidden(msg)
    return kept


def _seal(services: Services, body: bytes) -> str:
    return hmac.new(services.keyring.sign_in_key, body, hashlib.sha256).hexdigest()
