"""Tokens of programs."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from connector.model.access import AccessRole, AccessToken
from connector.store.repositories.base import Repository
from connector.store.tables import access_tokens


class StoredTokens(Repository):
    def add(
        self,
        name: str,
        token_hash: str,
        role: AccessRole,
        projects: Sequence[str],
        *,
        by: str,
        expires_at: datetime | None,
    ) -> str:
        """A new token; its name must be free. Its id."""
        token_id = str(uuid.uuid4())
        self._connection.execute(
            insert(access_tokens).values(
                id=token_id,
                name=name,
                hash=token_hash,
                role=role.value,
                projects=list(projects),
                created_at=self._now,
                created_by=by,
                expires_at=expires_at,
            )
        )
        return token_id

    def find(self, token_hash: str) -> AccessToken | None:
        row = self._connection.execute(
            select(access_tokens).where(access_tokens.c.hash == token_hash)
        ).one_or_none()
        return None if row is None else _token(row)

    def by_name(self, name: str) -> AccessToken | None:
        row = self._connection.execute(
            select(access_tokens).where(access_tokens.c.name == name)
        ).one_or_none()
        return None if row is None else _token(row)

    def listed(self) -> list[AccessToken]:
        """All, by name; those that were revoked too."""
        rows = self._connection.execute(select(access_tokens).order_by(access_tokens.c.name))
        return [_token(row) for row in rows]

    def used(self, token_id: str) -> None:
        self._set(token_id, last_used_at=self._now)

    def revoke(self, token_id: str) -> None:
        self._set(token_id, revoked_at=self._now)

    def _set(self, token_id: str, **values: Any) -> None:
        self._connection.execute(update(access_tokens).where(access_tokens.c.id == token_id).values(**values))


def _token(row: Any) -> AccessToken:
    return AccessToken(
        id=row.id,
        name=row.name,
        role=AccessRole(row.role),
        projects=tuple(row.projects),
        created_at=row.created_at,
        created_by=row.created_by,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )
