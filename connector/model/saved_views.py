"""A list under filters that a person has named, to come back to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SavedView:
    """`page` is the list's name in its address, `query` what follows the question mark there."""

    id: str
    project_id: int
    owner: str  # as the audit log names people
    name: str
    page: str
    query: str
    created_at: datetime
