"""Who may look: one token for the API and the status page, compared in constant time."""

from __future__ import annotations

import binascii
import hmac
from base64 import b64decode
from typing import Annotated

from fastapi import Depends, Request

from connector.errors import Unauthorised
from connector.wiring import Services


def services_of(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


Running = Annotated[Services, Depends(services_of)]


def require_token(request: Request, services: Running) -> None:
    """Raise Unauthorised unless the request carries the token: as Bearer, or as password of Basic."""
    expected = services.keyring.api_token.get_secret_value().encode()
    given = _token(request.headers.get("authorization", ""))
    if not hmac.compare_digest(given, expected):
        msg = "a valid token is needed"
        raise Unauthorised(msg)


def _token(header: str) -> bytes:
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip().encode("latin-1", "replace")
    if scheme.lower() != "basic":
        return b""
    try:
        _user, _, password = b64decode(value.strip(), validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return b""
    return password
