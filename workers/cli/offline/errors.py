"""What is wrong with a file, said so that its owner can mend it."""

from __future__ import annotations

from connector.errors import BadPayload
from connector.wording import one_line

ARGUMENT = "FILE"
MOST_CHARS = 400  # of a problem, and of a remedy: both may quote what someone typed


class BadFile(BadPayload):
    """A file given on the command line cannot be used.

    `argument` names it, `where` is the first bad row or line where there is one, `remedy` says what to do.
    """

    def __init__(self, problem: str, *, argument: str, remedy: str, where: str | None = None) -> None:
        problem, remedy = one_line(problem, MOST_CHARS), one_line(remedy, MOST_CHARS)
        place = argument if where is None else f"{argument}, {where}"
        super().__init__(f"{place}: {problem}. {remedy}")
        self.argument = argument
        self.problem = problem
        self.where = where
        self.remedy = remedy


class NoFile(BadFile):
    """There is no file where the command line says."""
