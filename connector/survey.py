"""Looking around on a platform before and beside the work: for `secondlook init` and `doctor`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ServerFound:
    version: str
    clock_ahead_seconds: float | None  # of the server's clock before ours; None where it says no time
    remark: str | None = None  # what a person should know of this version


@dataclass(frozen=True, slots=True)
class AccountFound:
    """Whose token it is. `expires_at` is None for a token that does not expire."""

    user_id: str
    name: str
    token_kind: str
    expires_at: datetime | None
    unfit: str | None = None  # why this account cannot do our work, and what to use instead
    may_register_hooks: bool = True


@dataclass(frozen=True, slots=True)
class ProjectFound:
    remote_id: str
    title: str
    items: int


@dataclass(frozen=True, slots=True)
class HookFound:
    url: str
    active: bool


class Survey(Protocol):
    """Reads only. Every method may raise Retryable, Rejected or Misconfigured."""

    def server(self) -> ServerFound:
        """Whether the platform answers, which version it is, and what time it has."""
        ...

    def account(self) -> AccountFound: ...

    def projects(self) -> Sequence[ProjectFound]:
        """The projects that this account sees."""
        ...

    def label_controls(self, remote_id: str) -> Sequence[str]:
        """The controls of a project that could hold the label to be judged."""
        ...

    def hooks(self, remote_id: str) -> Sequence[HookFound]:
        """The webhooks of a project."""
        ...
