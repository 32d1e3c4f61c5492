"""Who may do what: roles by project, and the people and tokens that hold them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

EVERYWHERE = "*"  # in place of a project's name: all projects, and what belongs to none


class AccessRole(StrEnum):
    """What somebody may do; each of the first three may do what those before it may."""

    VIEWER = "viewer"  # reads what spoils no review
    OPERATOR = "operator"  # reads all, starts work, releases, accepts, takes back one correction
    ADMIN = "admin"  # keeps the golden set, users and tokens, takes back a run
    METRICS = "metrics"  # reads /metrics, and nothing else


LADDER = (AccessRole.VIEWER, AccessRole.OPERATOR, AccessRole.ADMIN)

Grants = Mapping[str, AccessRole]  # project, or EVERYWHERE → role


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: a person or a token, with what they may do. `csrf` is that of a person's session."""

    actor: str  # as the audit log names them
    grants: Grants
    writes: bool = True  # False: whatever the role, nothing may be changed
    csrf: str | None = None

    def role_in(self, project: str) -> AccessRole | None:
        """The higher of the role in this project and the role everywhere."""
        held = [self.grants[name] for name in (project, EVERYWHERE) if name in self.grants]
        return max(held, key=_height, default=None)

    def may(self, least: AccessRole, project: str = EVERYWHERE) -> bool:
        """Whether the role reaches `least` in a project; without one, whether it does everywhere."""
        return reaches(self.role_in(project), least)

    @property
    def projects(self) -> frozenset[str] | None:
        """The projects that may be read; None for all."""
        if self.may(AccessRole.VIEWER):
            return None
        named = {name for name in self.grants if name != EVERYWHERE}
        return frozenset(name for name in named if self.may(AccessRole.VIEWER, name))


@dataclass(frozen=True, slots=True)
class UserAccount:
    id: str
    name: str
    grants: Grants
    created_at: datetime
    disabled_at: datetime | None
    password: str  # scrypt hash with its parameters


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that was found by its token."""

    user: UserAccount
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token as it is stored: only its hash is."""

    id: str
    name: str
    role: AccessRole
    projects: tuple[str, ...]
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None

    @property
    def grants(self) -> Grants:
        return dict.fromkeys(self.projects, self.role)


def reaches(held: AccessRole | None, least: AccessRole) -> bool:
    """Whether a role includes another; `metrics` includes and is included by none but operators."""
    if least is AccessRole.METRICS:
        return held is AccessRole.METRICS or reaches(held, AccessRole.OPERATOR)
    return held in LADDER and _height(held) >= _height(least)


def _height(role: AccessRole) -> int:
    return LADDER.index(role) if role in LADDER else -1
