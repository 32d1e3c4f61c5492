"""What `secondlook doctor` looks at: each check says what it found and what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from connector.errors import Misconfigured, SecondlookError


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    level: Level
    found: str
    remedy: str = ""
    project: str | None = None


def guarded(name: str, project: str | None, look: Callable[[], Check]) -> Check:
    """The check, or its failure as one."""
    try:
        return look()
    except Misconfigured as error:
        return Check(name, Level.FAIL, f"{error.field}: {error.problem}", error.remedy, project)
    except SecondlookError as error:
        return Check(
            name, Level.FAIL, str(error), "Try again; if it stays, look at the server's log.", project
        )
