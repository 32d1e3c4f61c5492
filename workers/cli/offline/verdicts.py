"""Columns that say what became of a row: accepted, rejected, ignored, discarded, still open."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from workers.cli.offline.formats.entries import FileEntry
from workers.cli.offline.invisible import visible

NAMES = re.compile(r"answer|.*(status|state|verdict|decision|outcome)")
FLAGS = frozenset({
    "cancelled", "canceled", "skipped", "discarded", "rejected", "ignored", "deleted", "excluded", "removed",
})  # fmt: skip
STANDS = frozenset({"valid", "approved", "accepted", "correct"})  # flags that say no where the label falls
PREFIXES = ("is_", "was_")  # before the name of a flag
KEPT = frozenset({
    "accept", "accepted", "approve", "approved", "complete", "completed", "submitted", "validated", "valid",
    "done", "finished", "confirmed", "ok", "labeled", "labelled", "annotated", "gold", "reviewed",
    "correct", "right",
})  # fmt: skip
DROPPED = frozenset({
    "reject", "rejected", "ignore", "ignored", "discard", "discarded", "skip", "skipped", "cancel",
    "cancelled", "canceled", "invalid", "deleted", "refused", "declined", "disapproved", "wrong",
    "incorrect",
})  # fmt: skip
OPEN = frozenset(
    {"draft", "pending", "default", "unlabeled", "unlabelled", "in progress", "in_progress", "todo"}
)
TRUE = frozenset({"true", "1", "yes", "1.0"})
FALSE = frozenset({"false", "0", "no", "0.0"})
SHOWN = 3  # unknown words in a sentence
MOST_WORDS = 6  # different ones of a column that may be a verdict in words that are not known

Dropped = dict[int, str]  # row number → the reason why it is left out


def dropped_rows(rows: Sequence[FileEntry], taken: frozenset[str | None]) -> tuple[Dropped, tuple[str, ...]]:
    """Rows whose label does not stand, by the columns that say so; and what could not be understood.

    `taken` are columns that hold something else: the label, the text.
    """
    found: Dropped = {}
    notes: list[str] = []
    for name in _columns(rows):
        if name in taken:
            continue
        words = [_word(row.values.get(name)) for row in rows]
        if _is_flag(name, FLAGS):
            found |= {n: f"'{name}' says {word}" for n, word in enumerate(words) if word in TRUE}
            continue
        if _is_flag(name, STANDS):
            if TRUE & set(words) and {word for word in words if word} <= TRUE | FALSE:
                found |= {n: f"'{name}' says {word}" for n, word in enumerate(words) if word in FALSE}
            continue
        unknown = {word for word in words if word} - KEPT - DROPPED - OPEN
        if not unknown:
            found |= {n: f"'{name}' says {word}" for n, word in enumerate(words) if word in DROPPED | OPEN}
        elif DROPPED & set(words) or 1 < len(unknown) <= MOST_WORDS:
            listed = ", ".join(f"'{word}'" for word in sorted(unknown)[:SHOWN])
            notes.append(
                f"'{name}' was not taken for a verdict: it holds {listed}. If it is one, filter it first."
            )
    return found, tuple(notes)


def _columns(rows: Sequence[FileEntry]) -> list[str]:
    names = {name: None for row in rows for name in row.values}
    return [name for name in names if NAMES.fullmatch(_plain(name)) or _is_flag(name, FLAGS | STANDS)]


def _is_flag(name: str, flags: frozenset[str]) -> bool:
    plain = _plain(name)
    for prefix in PREFIXES:
        plain = plain.removeprefix(prefix)
    return plain in flags


def _plain(name: str) -> str:
    return visible(name).lower().replace(" ", "_").replace("-", "_")


def _word(value: Any) -> str:
    return "" if value is None or isinstance(value, Mapping | list) else visible(str(value)).lower()
