"""A database that a person must see to (a full disk, say): said once, not at each try."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from connector import logs
from connector.errors import Misconfigured

FORGOTTEN_SECONDS = 900.0  # without the error; longer than work waits between two tries


class LastingTrouble:
    """Remembers an error for as long as it comes again: small writes may succeed in between."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._reason: str | None = None
        self._met = 0.0

    def tells(self, error: Exception) -> bool:
        """Whether the error is what has been said already."""
        lasts = self._clock() - self._met < FORGOTTEN_SECONDS
        return lasts and isinstance(error, Misconfigured) and str(error) == self._reason

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Say what is wrong with the database inside the block, if that is news."""
        try:
            yield
        except Misconfigured as error:
            if error.field.partition(".")[0] == "database":
                known = self.tells(error)
                self._reason, self._met = str(error), self._clock()
                if not known:
                    logs.get(__name__).error("work waits", reason=str(error))
            raise
