"""How much of the process's memory deliveries may take at once, whoever sends them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

ROOM_BYTES = 12_000_000  # of bodies that are being received or read
MOST_PARTS = 400_000  # values of one body: each takes up to a hundred bytes when it is read as JSON

Take = Callable[[int], bool]


class Room:
    """Counts bytes that are held. Lives on one event loop, which is why nothing is locked here."""

    def __init__(self, size: int) -> None:
        self._free = size

    @contextmanager
    def share(self) -> Iterator[Take]:
        """A part of the room that grows by `take`, as long as there is any left; given back at the end."""
        taken = 0

        def take(size: int) -> bool:
            nonlocal taken
            if size > self._free:
                return False
            self._free -= size
            taken += size
            return True

        try:
            yield take
        finally:
            self._free += taken


def has_too_many_parts(body: bytes) -> bool:
    """Whether reading it as JSON could take many times its own size; counted without reading it."""
    return sum(body.count(mark) for mark in (b",", b"[", b"{")) > MOST_PARTS
