"""Exit codes, by what the caller should do next."""

from __future__ import annotations

from enum import IntEnum

from connector.errors import (
    BadPayload,
    Conflict,
    LeaseLost,
    Misconfigured,
    Retryable,
    SecondlookError,
    UnknownProject,
)
from workers.cli.offline.errors import BadFile, NoFile

# Options that say what of a file is meant; others that a BadFile names are files themselves.
CHOOSING = frozenset(
    {"--label-column", "--id-column", "--annotator-column", "--group-column", "--field", "--encoding"}
)


class ExitCode(IntEnum):
    OK = 0
    FAILED = 1  # understood, and refused or failed: what it names is not stored, a file's content, a check
    USAGE = 2  # what was typed: an option, a value, the name of a project, a file that is not there
    MISCONFIGURED = 3  # what is configured here or on the platform
    CONFLICT = 4
    TRY_LATER = 5
    INTERRUPTED = 130


EPILOG = (
    "Exit codes: 0 done · 1 refused, failed, or a check found something wrong · 2 the command must be typed "
    "otherwise · 3 the configuration or the platform's setup must be changed first · 4 conflict: the label "
    "was changed meanwhile, nothing was written · 5 try again later · 130 interrupted."
)


def exit_code(error: SecondlookError) -> ExitCode:
    if _is_typed(error):
        return ExitCode.USAGE
    if isinstance(error, Misconfigured):
        return ExitCode.MISCONFIGURED
    if isinstance(error, Conflict):
        return ExitCode.CONFLICT
    if isinstance(error, Retryable | LeaseLost):
        return ExitCode.TRY_LATER
    return ExitCode.FAILED


def _is_typed(error: SecondlookError) -> bool:
    """Whether another command line would do, where everything else stays as it is."""
    if isinstance(error, Misconfigured):
        return isinstance(error, UnknownProject) or error.field.startswith("--")
    if isinstance(error, BadFile):
        return isinstance(error, NoFile) or error.argument in CHOOSING
    return isinstance(error, BadPayload)
