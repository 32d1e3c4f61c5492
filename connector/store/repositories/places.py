"""The place of an issue in its item, as an index can hold it."""

from __future__ import annotations

import hashlib
from typing import Any

MOST_CHARS = 500  # PostgreSQL indexes no row of more than 2,704 bytes, and the place of a span has its words


def stored_place(place: str) -> str:
    """The place, or the digest of a long one."""
    return place if len(place) <= MOST_CHARS else hashlib.sha256(place.encode("utf-8", "replace")).hexdigest()


def place_of(row: Any) -> str:
    """The place of a row with `given` and `place`: a part that is asked about is both."""
    place: str = row.place
    return row.given if len(row.given) > MOST_CHARS and place == stored_place(row.given) else place
