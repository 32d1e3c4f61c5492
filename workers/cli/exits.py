"""Exit codes, by what the caller should do next."""

from __future__ import annotations

from enum import IntEnum

from connector.errors import Conflict, LeaseLost, Misconfigured, Retryable, SecondlookError


class ExitCode(IntEnum):
    OK = 0
    FAILED = 1  # refused, or something found wrong
    USAGE = 2
    MISCONFIGURED = 3
    CONFLICT = 4
    TRY_LATER = 5
    INTERRUPTED = 130


EPILOG = (
    "Exit codes: 0 done · 1 refused, failed, or a check found something wrong · 2 wrong use of the command · "
    "3 the configuration or the platform's setup must be changed first · 4 conflict: the label was changed "
    "meanwhile, nothing was written · 5 try again later · 130 interrupted."
)


def exit_code(error: SecondlookError) -> ExitCode:
    if isinstance(error, Misconfigured):
        return ExitCode.MISCONFIGURED
    if isinstance(error, Conflict):
        return ExitCode.CONFLICT
    if isinstance(error, Retryable | LeaseLost):
        return ExitCode.TRY_LATER
    return ExitCode.FAILED
