"""Columns that say what became of a row: accepted, rejected, ignored, discarded, still open."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from workers.cli.offline.formats.entries import FileEntry
from workers.cli.offline.invisible import visible
from workers.cli.offline.labels import words_for_nothing

NAMES = re.compile(r"answer|.*(status|state|verdict|decision|outcome)")
FLAGS = frozenset({
    "cancelled", "canceled", "skipped", "discarded", "rejected", "ignored", "deleted", "excluded", "removed",
})  # fmt: skip
STANDS = frozenset({"valid", "approved", "accepted", "correct"})  # flags that say no where the label falls
PREFIXES = ("is_", "was_")  # before the name of a flag
KEPT = frozenset({
    "accept", "accepted", "approve", "approved", "complete", "completed", "submitted", "validated", "valid",
    "done", "finished", "confirmed", "ok", "labeled", "labelled", "annotated", "gold", "reviewed",
    "correct", "right", "pass", "passed", "angenommen", "aceptado", "aprobado", "accepté", "通过",
})  # fmt: skip
DROPPED = frozenset({
    "reject", "rejected", "ignore", "ignored", "discard", "discarded", "skip", "skipped", "cancel",
    "cancelled", "canceled", "invalid", "deleted", "refused", "declined", "disapproved", "wrong",
    "incorrect", "refuse", "decline", "disapprove", "delete", "exclude", "excluded", "fail", "failed",
    "abgelehnt", "rechazado", "rejeté", "refusé", "拒绝", "不通过",
})  # fmt: skip
# Words that a column of any name holds for nothing else; others are features of some items.
PLAIN = frozenset({
    "approve", "approved", "accept", "accepted", "validated", "valid", "pass", "passed",
    "reject", "rejected", "discard", "discarded", "ignored", "skipped", "cancelled", "canceled", "invalid",
    "fail", "failed", "declined", "disapproved", "angenommen", "abgelehnt", "aceptado", "rechazado",
    "accepté", "rejeté", "refusé", "通过", "不通过", "拒绝",
})  # fmt: skip
OPEN = frozenset(
    {
        "draft",
        "pending",
        "default",
        "unlabeled",
        "unlabelled",
        "in progress",
        "in_progress",
        "todo",
        "in review",
        "in_review",
        "needs review",
        "needs_review",
        "rework",
        "open",
    }
)
TRUE = frozenset({"true", "1", "yes", "1.0", "y", "t"})
FALSE = frozenset({"false", "0", "no", "0.0", "n", "f"})
MOMENT = "_at"  # ends the name of a flag that holds when it was set
SAMPLE = 20  # rows that show that a column holds something else
SHOWN = 3  # unknown words in a sentence
MOST_WORDS = 6  # different ones of a column that may be a verdict in words that are not known

Dropped = dict[int, str]  # row number → the reason why it is left out


def dropped_rows(rows: Sequence[FileEntry], taken: frozenset[str | None]) -> tuple[Dropped, tuple[str, ...]]:
    """Rows whose label does not stand, by the columns that say so; and what could not be understood.

    `taken` are columns that hold something else: the label, the text.
    """
    dropped: Dropped = {}
    notes: list[str] = []
    for name in _columns(rows):
        if name in taken:
            continue
        words = [_word(row.values.get(name)) for row in rows]
        if _plain(name).endswith(MOMENT):
            dropped |= {
                n: f"'{name}' is set" for n, word in enumerate(words) if word and not _is_nothing(word)
            }
            continue
        if _is_flag(name, FLAGS):
            dropped |= {n: f"'{name}' says {word}" for n, word in enumerate(words) if word in TRUE}
            continue
        if _is_flag(name, STANDS):
            if TRUE & set(words) and {word for word in words if word} <= TRUE | FALSE:
                dropped |= {n: f"'{name}' says {word}" for n, word in enumerate(words) if word in FALSE}
            continue
        unknown = {word for word in words if word} - KEPT - DROPPED - OPEN
        if not unknown:
            dropped |= {n: f"'{name}' says {word}" for n, word in enumerate(words) if word in DROPPED | OPEN}
        elif (DROPPED | KEPT) & set(words) or 1 < len(unknown) <= MOST_WORDS:
            listed = ", ".join(f"'{word}'" for word in sorted(unknown)[:SHOWN])
            notes.append(
                f"'{name}' was not taken for a verdict: it holds {listed}. If it is one, filter it first."
            )
    return dropped, tuple(notes)


def _columns(rows: Sequence[FileEntry]) -> list[str]:
    names = {name: None for row in rows for name in row.values}
    return [
        name
        for name in names
        if NAMES.fullmatch(_plain(name)) or _is_flag(name, FLAGS | STANDS) or _holds_verdicts(rows, name)
    ]


def _holds_verdicts(rows: Sequence[FileEntry], name: str) -> bool:
    """Whether a column says what became of rows, whatever its name: nothing else holds such words alone."""
    if any(_word(row.values.get(name)) not in PLAIN for row in rows[:SAMPLE] if row.values.get(name)):
        return False
    words = {_word(row.values.get(name)) for row in rows}
    return bool(words & (DROPPED | OPEN)) and words <= PLAIN | {""}


def _is_flag(name: str, flags: frozenset[str]) -> bool:
    plain = _plain(name)
    for prefix in PREFIXES:
        plain = plain.removeprefix(prefix)
    return plain.removesuffix(MOMENT) in flags


def _plain(name: str) -> str:
    return visible(name).lower().replace(" ", "_").replace("-", "_")


def _is_nothing(word: str) -> bool:
    return bool(words_for_nothing([word])) or word in FALSE | {"none"}


def _word(value: Any) -> str:
    return "" if value is None or isinstance(value, Mapping | list) else visible(str(value)).lower()
