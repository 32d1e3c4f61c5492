"""What every reader gives: the file's objects in order, each with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple


class FileEntry(NamedTuple):
    """One row or object. `place` is for people: the line that an editor shows, or its number."""

    place: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FileEntries:
    """All of a file; `notes` say what was guessed or passed over while reading."""

    rows: tuple[FileEntry, ...]
    notes: tuple[str, ...] = ()
