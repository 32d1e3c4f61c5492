"""One tree of errors, divided by what the caller should do next."""

from __future__ import annotations


class SecondlookError(Exception):
    """Base of every error that Secondlook raises on purpose."""


class Retryable(SecondlookError):
    """The same call may succeed later; nothing is known to have been done.

    `after` is the number of seconds to wait at least, where the other side named one. In an `outage` the
    other side does not answer at all: it says nothing about the call, which waits for as long as it lasts.
    `server` is its address, where that is known.
    """

    server: str | None = None

    def __init__(self, message: str, *, after: float | None = None, outage: bool = False) -> None:
        super().__init__(message)
        self.after = after
        self.outage = outage


class InUse(Retryable):
    """A person is at work on what the call would change: it waits for as long as they are.

    That can be days, so it is no try that failed.
    """


class UnknownOutcome(Retryable):
    """A write may or may not have been done: read before writing again."""


class Rejected(SecondlookError):
    """The other side will never accept this call as it stands; do not repeat it."""


class NotFound(Rejected):
    """What the call is about does not exist (any more)."""


NO_PROJECT = "there is no such project, or it was not synced yet"  # nor is one that may not be seen


class BadPayload(Rejected):
    """A delivery or an upload is not what it claims to be; answer 400."""


class Unauthorised(Rejected):
    """A delivery or request failed verification; answer 401."""


class Forbidden(Rejected):
    """Who asks is known, and may not; answer 403, naming what is missing."""


class Conflict(SecondlookError):
    """The world changed since it was looked at: write nothing and record it."""


class LeaseLost(SecondlookError):
    """Another worker owns this job now: stop at once, and commit nothing more."""


class Misconfigured(SecondlookError):
    """A person must change something first.

    `field` is what is wrong (a setting's key, or a thing on the platform), `remedy` what to do.
    """

    def __init__(self, message: str, *, field: str, remedy: str) -> None:
        super().__init__(f"{field}: {message}. {remedy}")
        self.field = field
        self.problem = message
        self.remedy = remedy


class UnknownProject(Misconfigured):
    """The configuration has no project of the name that somebody gave."""


class InvalidToken(Misconfigured):
    """The other side does not know the token; of what was asked it says nothing."""
