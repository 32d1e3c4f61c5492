"""Tokens for programs: made, found by what a request carries, and revoked."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from connector.actions.users import PROJECT, require_name
from connector.errors import BadPayload, Conflict, NotFound
from connector.model.access import AccessRole, AccessToken, Principal
from connector.store.unit_of_work import UnitOfWork

PREFIX = "slk_"  # so that scanners for secrets know one
SECRET_BYTES = 32
LONGEST_DAYS = 3650
USED_EVERY = timedelta(minutes=1)  # `last_used_at` is no finer: a write for each request costs too much


@dataclass(frozen=True, slots=True)
class NewToken:
    """The only moment at which the token itself is known."""

    id: str
    token: str


def fingerprint(secret: str) -> str:
    """What is stored of a token or a session: SHA-256. They hold 256 random bits, so no salt is needed."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def add(
    unit: UnitOfWork,
    name: str,
    role: AccessRole,
    projects: Sequence[str],
    by: str,
    days: int | None = None,
) -> NewToken:
    """A new token, for so many days or until it is revoked.

    Raises
    ------
    BadPayload
        Name, projects or days are not fit.
    Conflict
        The name is taken, by a token that was revoked too.
    """
    require_name(name)
    _require_fit(projects, days)
    if unit.access_tokens.by_name(name) is not None:
        msg = f"there is a token {name!r} already"
        raise Conflict(msg)
    token = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    expires = None if days is None else unit.now + timedelta(days=days)
    result = unit.access_tokens.add(name, fingerprint(token), role, projects, by=by, expires_at=expires)
    detail = {"role": role.value, "projects": list(projects), "days": days}
    unit.audit.append(by, "token.added", name, detail)
    return NewToken(result, token)


def revoke(unit: UnitOfWork, name: str, by: str) -> None:
    """The token opens nothing any more; NotFound or Conflict where there is nothing to revoke."""
    result = unit.access_tokens.by_name(name)
    if result is None:
        msg = f"there is no token {name!r}"
        raise NotFound(msg)
    if result.revoked_at is not None:
        msg = f"token {name!r} was revoked before"
        raise Conflict(msg)
    unit.access_tokens.revoke(result.id)
    unit.audit.append(by, "token.revoked", name, {})


def usable(unit: UnitOfWork, token: str) -> AccessToken | None:
    """The stored token that this is; None where there is none, or it expired or was revoked."""
    result = unit.access_tokens.find(fingerprint(token))
    if result is None or result.revoked_at is not None:
        return None
    return None if result.expires_at is not None and result.expires_at <= unit.now else result


def principal_of(token: AccessToken) -> Principal:
    return Principal(f"token:{token.name}", token.grants)


def _require_fit(projects: Sequence[str], days: int | None) -> None:
    wrong = [project for project in projects if not PROJECT.fullmatch(project)]
    if wrong or not projects:
        msg = f"project: {', '.join(map(repr, wrong)) or 'none'} named; name projects, or * for all"
        raise BadPayload(msg)
    if days is not None and not 0 < days <= LONGEST_DAYS:
        msg = f"days: {days} is not 1 to {LONGEST_DAYS}"
        raise BadPayload(msg)
