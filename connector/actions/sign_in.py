"""Sign in and out: sessions that are kept on the server, limits on guessing, and the first user."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta

from connector.actions import passwords, users
from connector.actions.tokens import fingerprint
from connector.errors import Forbidden, NotFound, Retryable, Unauthorised
from connector.model.access import EVERYWHERE, AccessRole, Grants, Principal, SignedIn, UserAccount
from connector.model.metrics import counted
from connector.store.unit_of_work import Store, UnitOfWork
from connector.wording import number_of

SECRET_BYTES = 32
LASTS = timedelta(hours=12)
IDLE = timedelta(hours=1)
SEEN_EVERY = timedelta(minutes=1)  # a session's last use is no finer

WINDOW = timedelta(minutes=15)
MOST_OF_BOTH = 10  # tries of one account from one address, in that time
MOST_OF_ACCOUNT = 100  # of one account from everywhere: guesses by many machines
MOST_OF_ADDRESS = 50  # of all accounts from one address: one guess at each of many

NO_PASSWORD = ""  # of whom an issuer names: no password is right
FIRST_LINK = "first_link"  # the fact that holds the fingerprint of the link for the first user
FIRST_LINK_LASTS = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A session as it was opened; the only moment at which its token is known."""

    token: str
    user: str


def sign_in(store: Store, name: str, password: str, address: str, old: str | None = None) -> OpenedSession:
    """Open a session; the one that the browser had (`old`) ends.

    The try is noted before the password is looked at, so that a thousand tries at once are no more than
    a thousand in a row.

    Raises
    ------
    Unauthorised
        There is no such user with this password. Which of both is wrong is not said.
    Retryable
        Too many tries; `after` says how long to wait.
    """
    account, address = name[:80], address[:64]
    with store.begin() as unit:
        unit.sign_ins.forget_before(unit.now - WINDOW)
        _require_few(unit, account, address)
        unit.sign_ins.add(account, address)
        user = unit.users.by_name(account)
    known = user if user is not None and user.disabled_at is None else None
    if not passwords.is_right(password, None if known is None else known.password) or known is None:
        with store.begin() as unit:
            unit.audit.append(f"user:{account}", "sign_in.refused", account, {"address": address})
            unit.tallies.add(counted("logins_total", result="refused"))
        msg = "the name or the password is wrong"
        raise Unauthorised(msg)
    with store.begin() as unit:
        present = unit.users.by_name(account)
        if present is None or present.disabled_at is not None or present.password != known.password:
            msg = "the user was changed at this moment; sign in again"
            raise Unauthorised(msg)
        unit.sign_ins.forget(account, address)
        if old is not None:
            unit.sessions.end(fingerprint(old))
        return _open(unit, present, address)


def enter(store: Store, name: str, grants: Grants, address: str, old: str | None = None) -> OpenedSession:
    """Open a session for somebody whom an issuer names, with what their groups may do now.

    Raises
    ------
    Forbidden
        No group of theirs may do anything, so that all their sessions end; or they were revoked here.
    """
    with store.begin() as unit:
        user = unit.users.by_name(name)
        revoked = user is not None and user.disabled_at is not None
        if grants and not revoked:
            known = _known(unit, user, name, grants)
            if old is not None:
                unit.sessions.end(fingerprint(old))
            return _open(unit, known, address[:64])
        if user is not None:
            unit.sessions.end_of(user.id)
        unit.audit.append(f"user:{name}", "sign_in.refused", name, {"address": address[:64]})
        unit.tallies.add(counted("logins_total", result="refused"))
    why = "was revoked here" if revoked else "is in no group that may do anything here (sign_in.roles)"
    raise Forbidden(f"{name} {why}")


def _known(unit: UnitOfWork, user: UserAccount | None, name: str, grants: Grants) -> UserAccount:
    """The row of somebody whom an issuer names, with these roles."""
    if user is None:
        unit.audit.append(f"user:{name}", "user.added", name, {"grants": users.plain_grants(grants)})
        return unit.users.add(name, NO_PASSWORD, grants)
    if dict(user.grants) != dict(grants):
        users.grant(unit, name, grants, f"user:{name}")
    return user


def sign_out(unit: UnitOfWork, token: str) -> None:
    result = unit.sessions.find(fingerprint(token))
    if result is not None:
        unit.sessions.end(fingerprint(token))
        unit.audit.append(f"user:{result.user.name}", "sign_out", result.user.name, {})


def usable(unit: UnitOfWork, token: str) -> SignedIn | None:
    """The session of this token; None where there is none, or it ended or was idle for too long."""
    result = unit.sessions.find(fingerprint(token))
    if result is None or result.expires_at <= unit.now:
        return None
    return None if result.seen_at <= unit.now - IDLE else result


def principal_of(session: SignedIn, token: str) -> Principal:
    return Principal(f"user:{session.user.name}", session.user.grants, csrf=csrf_of(token))


def csrf_of(token: str) -> str:
    """What a form of this session carries: derived, so that nothing more is stored."""
    return hmac.new(token.encode(), b"form", hashlib.sha256).hexdigest()


def first_link(unit: UnitOfWork) -> str | None:
    """A key that makes the first user, once, within a day; None where somebody can sign in as admin."""
    if has_admin(unit):
        return None
    key = secrets.token_urlsafe(SECRET_BYTES)
    unit.facts.put(FIRST_LINK, fingerprint(key))
    return key


def is_first_link(unit: UnitOfWork, key: str) -> bool:
    held, at = unit.facts.get(FIRST_LINK), unit.facts.at(FIRST_LINK)
    if held is None or at is None or unit.now - at > FIRST_LINK_LASTS or has_admin(unit):
        return False
    return hmac.compare_digest(held, fingerprint(key))


def make_first_user(unit: UnitOfWork, key: str, name: str, password: str, address: str) -> OpenedSession:
    """The first admin, signed in; NotFound where the link was used, is old, or never was one."""
    if not is_first_link(unit, key):
        msg = "this link was used, has expired, or is not one; `secondlook users add` makes users too"
        raise NotFound(msg)
    user = users.add(unit, name, password, {EVERYWHERE: AccessRole.ADMIN}, "first-link")
    unit.facts.drop(FIRST_LINK)
    return _open(unit, user, address)


def has_admin(unit: UnitOfWork) -> bool:
    return any(
        user.disabled_at is None and user.grants.get(EVERYWHERE) is AccessRole.ADMIN
        for user in unit.users.listed()
    )


def _open(unit: UnitOfWork, user: UserAccount, address: str) -> OpenedSession:
    token = secrets.token_urlsafe(SECRET_BYTES)
    unit.sessions.forget_expired()
    unit.sessions.add(fingerprint(token), user.id, unit.now + LASTS, address)
    unit.audit.append(f"user:{user.name}", "sign_in", user.name, {"address": address})
    unit.tallies.add(counted("logins_total", result="entered"))
    return OpenedSession(token, user.name)


def _require_few(unit: UnitOfWork, account: str, address: str) -> None:
    both, by_account, by_address = unit.sign_ins.counts(account, address, unit.now - WINDOW)
    if both >= MOST_OF_BOTH or by_account >= MOST_OF_ACCOUNT or by_address >= MOST_OF_ADDRESS:
        minutes = int(WINDOW.total_seconds() // 60)
        msg = f"too many tries to sign in; wait {number_of(minutes, 'minute')}"
        raise Retryable(msg, after=WINDOW.total_seconds())
