"""Users, their sessions, the tries to sign in, and the forms that they sent."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, func, insert, or_, select, update

from connector.model.access import AccessRole, Grants, SignedIn, UserAccount
from connector.model.moments import SET_BACK
from connector.store.repositories.base import Repository
from connector.store.tables import request_keys, sessions, sign_in_attempts, users


class Users(Repository):
    def add(self, name: str, password: str, grants: Grants) -> UserAccount:
        """A new user; its name must be free."""
        user = UserAccount(str(uuid.uuid4()), name, grants, self._now, None, password)
        self._connection.execute(
            insert(users).values(
                id=user.id, name=name, password=password, grants=dict(grants), created_at=self._now
            )
        )
        return user

    def by_name(self, name: str) -> UserAccount | None:
        row = self._connection.execute(select(users).where(users.c.name == name)).one_or_none()
        return None if row is None else _user(row)

    def listed(self) -> list[UserAccount]:
        """All, by name; those that were revoked too."""
        return [_user(row) for row in self._connection.execute(select(users).order_by(users.c.name))]

    def set_password(self, user_id: str, password: str) -> None:
        self._connection.execute(update(users).where(users.c.id == user_id).values(password=password))

    def set_grants(self, user_id: str, grants: Grants) -> None:
        """What the user may do from now on; one that was revoked may again."""
        values = {"grants": dict(grants), "disabled_at": None}
        self._connection.execute(update(users).where(users.c.id == user_id).values(**values))

    def disable(self, user_id: str) -> None:
        self._connection.execute(update(users).where(users.c.id == user_id).values(disabled_at=self._now))


class Sessions(Repository):
    def add(self, token_hash: str, user_id: str, expires_at: datetime, address: str) -> None:
        self._connection.execute(
            insert(sessions).values(
                hash=token_hash,
                user_id=user_id,
                created_at=self._now,
                seen_at=self._now,
                expires_at=expires_at,
                address=address,
            )
        )

    def find(self, token_hash: str) -> SignedIn | None:
        """The session of this token, whatever its age; None where there is none or its user was revoked."""
        query = (
            select(sessions, users)
            .join(users, users.c.id == sessions.c.user_id)
            .where(sessions.c.hash == token_hash, users.c.disabled_at.is_(None))
        )
        row: Any = self._connection.execute(query).one_or_none()
        if row is None:
            return None
        held = row._mapping  # noqa: SLF001 - SQLAlchemy's public accessor
        return SignedIn(
            user=UserAccount(
                id=held[users.c.id],
                name=held[users.c.name],
                grants=_grants(held[users.c.grants]),
                created_at=held[users.c.created_at],
                disabled_at=None,
                password=held[users.c.password],
            ),
            created_at=held[sessions.c.created_at],
            seen_at=held[sessions.c.seen_at],
            expires_at=held[sessions.c.expires_at],
        )

    def seen(self, token_hash: str) -> None:
        self._connection.execute(
            update(sessions).where(sessions.c.hash == token_hash).values(seen_at=self._now)
        )

    def end(self, token_hash: str) -> None:
        self._connection.execute(delete(sessions).where(sessions.c.hash == token_hash))

    def end_of(self, user_id: str) -> int:
        """End all sessions of a user; how many there were."""
        query = delete(sessions).where(sessions.c.user_id == user_id)
        return int(self._connection.execute(query).rowcount)

    def counts(self, idle: timedelta) -> dict[str, int]:
        """Sessions that can be used, by user."""
        query = (
            select(sessions.c.user_id, func.count())
            .where(sessions.c.expires_at > self._now, sessions.c.seen_at > self._now - idle)
            .group_by(sessions.c.user_id)
        )
        return {user: int(n) for user, n in self._connection.execute(query)}

    def forget_expired(self) -> None:
        self._connection.execute(delete(sessions).where(sessions.c.expires_at <= self._now))


class SignInAttempts(Repository):
    def add(self, account: str, address: str) -> str:
        """Note a try before it is known how it ends, so that tries at once cannot pass the limit."""
        attempt = str(uuid.uuid4())
        self._connection.execute(
            insert(sign_in_attempts).values(id=attempt, account=account, address=address, at=self._now)
        )
        return attempt

    def counts(self, account: str, address: str, since: datetime) -> tuple[int, int, int]:
        """Tries since a moment: of the account from this address, of the account, from the address.

        Those of a clock that has been set back since do not count: they would for longer than was said.
        """
        of_account = sign_in_attempts.c.account == account
        from_address = sign_in_attempts.c.address == address
        query = select(sign_in_attempts.c.account, sign_in_attempts.c.address, func.count()).where(
            sign_in_attempts.c.at > since,
            sign_in_attempts.c.at <= self._now + SET_BACK,
            or_(of_account, from_address),
        )
        rows = self._connection.execute(
            query.group_by(sign_in_attempts.c.account, sign_in_attempts.c.address)
        ).all()
        both = sum(n for name, place, n in rows if name == account and place == address)
        by_account = sum(n for name, _, n in rows if name == account)
        return both, by_account, sum(n for _, place, n in rows if place == address)

    def forget(self, account: str, address: str) -> None:
        """The account was entered from this address: its tries there do not count."""
        done = and_(sign_in_attempts.c.account == account, sign_in_attempts.c.address == address)
        self._connection.execute(delete(sign_in_attempts).where(done))

    def forget_before(self, moment: datetime) -> None:
        self._connection.execute(delete(sign_in_attempts).where(sign_in_attempts.c.at < moment))


class RequestKeys(Repository):
    def location(self, actor: str, key: str) -> str | None:
        """Where a form that was sent before led to."""
        query = select(request_keys.c.location).where(
            request_keys.c.actor == actor, request_keys.c.key == key
        )
        text: str | None = self._connection.execute(query).scalar_one_or_none()
        return text

    def add(self, actor: str, key: str, location: str) -> bool:
        """Whether the key is new: False where another request with it came first."""
        statement = self._insert(request_keys).values(actor=actor, key=key, at=self._now, location=location)
        return bool(self._connection.execute(statement.on_conflict_do_nothing()).rowcount)

    def forget(self, before: datetime) -> None:
        self._connection.execute(delete(request_keys).where(request_keys.c.at < before))


def _user(row: Any) -> UserAccount:
    return UserAccount(row.id, row.name, _grants(row.grants), row.created_at, row.disabled_at, row.password)


def _grants(stored: dict[str, str]) -> Grants:
    return {project: AccessRole(role) for project, role in stored.items()}
