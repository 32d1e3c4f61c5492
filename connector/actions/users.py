"""Who may look and act: users are added, given roles, and taken them away. Each change is audited."""

from __future__ import annotations

import re
from collections.abc import Mapping

from connector.actions import passwords
from connector.errors import BadPayload, Conflict, NotFound
from connector.model.access import EVERYWHERE, LADDER, AccessRole, Grants, UserAccount
from connector.store.unit_of_work import UnitOfWork

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,79}")
PROJECT = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}|\*")


def add(unit: UnitOfWork, name: str, password: str, grants: Grants, by: str) -> UserAccount:
    """A new user.

    Raises
    ------
    BadPayload
        Name, password or grants are not fit.
    Conflict
        The name is taken, by a user that was revoked too.
    """
    require_name(name)
    require_grants(grants)
    hashed = passwords.hashed(password)
    if unit.users.by_name(name) is not None:
        msg = f"there is a user {name!r} already"
        raise Conflict(msg)
    user = unit.users.add(name, hashed, grants)
    unit.audit.append(by, "user.added", name, {"grants": plain_grants(grants)})
    return user


def grant(unit: UnitOfWork, name: str, grants: Grants, by: str) -> None:
    """Give a user other roles in place of those held; one that was revoked may sign in again."""
    require_grants(grants)
    user = _existing(unit, name)
    unit.users.set_grants(user.id, grants)
    unit.audit.append(
        by, "user.granted", name, {"before": plain_grants(user.grants), "grants": plain_grants(grants)}
    )


def set_password(unit: UnitOfWork, name: str, password: str, by: str) -> None:
    """Another password; all sessions of the user end."""
    user = _existing(unit, name)
    unit.users.set_password(user.id, passwords.hashed(password))
    ended = unit.sessions.end_of(user.id)
    unit.audit.append(by, "user.password", name, {"sessions_ended": ended})


def revoke(unit: UnitOfWork, name: str, by: str) -> None:
    """No sign-in any more, and all sessions end; the name stays for the audit log."""
    user = _existing(unit, name)
    if user.disabled_at is not None:
        msg = f"user {name!r} was revoked before"
        raise Conflict(msg)
    unit.users.disable(user.id)
    ended = unit.sessions.end_of(user.id)
    unit.audit.append(by, "user.revoked", name, {"sessions_ended": ended})


def require_name(name: str) -> None:
    if not NAME.fullmatch(name):
        msg = f"name: {name!r} is not fit: up to 80 of A-Z a-z 0-9 . _ @ + -, the first a letter or digit"
        raise BadPayload(msg)


def require_grants(grants: Mapping[str, AccessRole]) -> None:
    """BadPayload unless each project has a role that a person can hold."""
    if not grants:
        msg = "grants: name a project, or * for all"
        raise BadPayload(msg)
    for project, role in grants.items():
        if not PROJECT.fullmatch(project):
            msg = f"project: {project!r} is no name of a project, nor {EVERYWHERE}"
            raise BadPayload(msg)
        if role not in LADDER:
            msg = f"role: {role.value} is for tokens of programs; people are {', '.join(LADDER)}"
            raise BadPayload(msg)


def _existing(unit: UnitOfWork, name: str) -> UserAccount:
    user = unit.users.by_name(name)
    if user is None:
        msg = f"there is no user {name!r}"
        raise NotFound(msg)
    return user


def plain_grants(grants: Grants) -> dict[str, str]:
    return {project: role.value for project, role in grants.items()}
