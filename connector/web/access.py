"""Who asks: a session's cookie, a token as Bearer, or, for reads alone, a token as password of Basic."""

from __future__ import annotations

import binascii
import hashlib
import hmac
import ipaddress
from base64 import b64decode
from dataclasses import replace
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request

from connector.actions import sign_in, tokens
from connector.actions.users import NAME
from connector.errors import NO_PROJECT, Forbidden, NotFound, Unauthorised
from connector.model.access import EVERYWHERE, AccessRole, Principal
from connector.web.proxies import BELIEVED
from connector.wiring import Services

SECURE_COOKIE = "__Host-secondlook"  # a browser takes it over TLS alone, and from no other host
PLAIN_COOKIE = "secondlook"  # on this machine, without TLS
CONFIGURED = "token:server.api_token"


def services_of(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


Running = Annotated[Services, Depends(services_of)]


def principal(request: Request, services: Running) -> Principal:
    """Who asks; Unauthorised where nobody can be made out."""
    header = request.headers.get("authorization")
    if header is not None:
        return _by_token(services, header)
    known = _by_proxy(request, services)
    if known is not None:
        return known
    cookie = request.cookies.get(cookie_name(request, services))
    result = None if cookie is None else _by_session(services, cookie)
    if result is None:
        msg = "sign in, or send a valid token"
        raise Unauthorised(msg)
    return result


Asking = Annotated[Principal, Depends(principal)]


def require(who: Principal, least: AccessRole, project: str | None = None) -> None:
    """Raise unless the role is held: Forbidden, or NotFound where not even the project may be read."""
    if project is not None and not who.may(AccessRole.VIEWER, project):
        raise NotFound(NO_PROJECT)
    if not who.may(least, project or EVERYWHERE):
        where = "for all projects" if project is None else f"in {project}"
        raise Forbidden(f"this needs the role {least.value} {where}")


def secure(request: Request, services: Services) -> bool:
    """Whether the browser is reached over TLS, as the request or `server.public_url` says."""
    return "https" in (request.url.scheme, urlsplit(services.settings.server.url).scheme)


def local(request: Request) -> bool:
    """Whether the request names this machine itself, so that nothing is sent over a network."""
    host = request.url.hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def cookie_name(request: Request, services: Services) -> str:
    return SECURE_COOKIE if secure(request, services) else PLAIN_COOKIE


def address_of(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def _by_proxy(request: Request, services: Services) -> Principal | None:
    """Whom a proxy that is believed names in its header; Forbidden where they may do nothing."""
    chosen = services.settings.sign_in
    if chosen.user_header is None or not request.scope.get(BELIEVED, False):
        return None
    names = request.headers.getlist(chosen.user_header)
    if not names:
        return None
    if len(names) > 1 or not NAME.fullmatch(names[0]):
        raise Forbidden(f"the header {chosen.user_header} names nobody who can be kept")
    groups = ",".join(request.headers.getlist(chosen.groups_header)).split(",")
    grants = chosen.grants([group.strip() for group in groups])
    if not grants:
        raise Forbidden(f"no group of {names[0]} may do anything here (sign_in.roles)")
    mark = hmac.new(services.keyring.sign_in_key, b"form\0" + names[0].encode(), hashlib.sha256)
    return Principal(f"user:proxy:{names[0]}", grants, csrf=mark.hexdigest())


def _by_token(services: Services, header: str) -> Principal:
    scheme, _, value = header.partition(" ")
    basic = scheme.lower() == "basic"
    token = _password(value) if basic else value.strip() if scheme.lower() == "bearer" else ""
    configured = services.keyring.api_token.get_secret_value()
    if hmac.compare_digest(token.encode("utf-8", "replace"), configured.encode()):
        return Principal(CONFIGURED, {EVERYWHERE: AccessRole.OPERATOR}, writes=False)
    result = _stored_token(services, token) if token.startswith(tokens.PREFIX) else None
    if result is None:
        msg = "a valid token is needed"
        raise Unauthorised(msg)
    return replace(result, writes=not basic)  # browsers send Basic again by themselves: never for a change


def _stored_token(services: Services, token: str) -> Principal | None:
    with services.store.read() as unit:
        result = tokens.usable(unit, token)
        due = result is not None and (
            result.last_used_at is None or unit.now - result.last_used_at >= tokens.USED_EVERY
        )
    if result is None:
        return None
    if due:
        with services.store.begin() as unit:
            unit.access_tokens.used(result.id)
    return tokens.principal_of(result)


def _by_session(services: Services, cookie: str) -> Principal | None:
    with services.store.read() as unit:
        result = sign_in.usable(unit, cookie)
        due = result is not None and unit.now - result.seen_at >= sign_in.SEEN_EVERY
    if result is None:
        return None
    if due:
        with services.store.begin() as unit:
            unit.sessions.seen(tokens.fingerprint(cookie))
    return sign_in.principal_of(result, cookie)


def _password(value: str) -> str:
    try:
        decoded = b64decode(value.strip(), validate=True)
    except (binascii.Error, ValueError):
        return ""
    return decoded.partition(b":")[2].decode("utf-8", "replace")
