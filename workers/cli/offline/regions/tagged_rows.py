"""Rows of tokens and tags side by side, as Hugging Face's token classification has them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from workers.cli.offline.dataset import Columns
from workers.cli.offline.errors import ARGUMENT, BadFile
from workers.cli.offline.formats.entries import FileEntries, FileEntry
from workers.cli.offline.kinds import FileKind
from workers.cli.offline.record import LeftOut
from workers.cli.offline.regions.conll import TAG, tagged_item
from workers.cli.offline.regions.data import RegionData, RegionItem
from workers.cli.offline.regions.span_rows import annotator_of, id_of
from workers.cli.offline.verdicts import dropped_rows

TOKENS = ("tokens", "words")
TAGS = ("ner_tags", "tags", "labels", "ner", "label")
SAMPLE = 50  # rows that show whether a column holds tags
UNEQUAL = "row whose tokens and tags are not as many, or of another kind"


def tag_columns(entries: FileEntries, columns: Columns) -> tuple[str, str] | None:
    """The columns of tokens and of their tags, None where there are none. BadFile for tags without names."""
    if columns.kind not in (None, FileKind.SPANS):
        return None
    rows = entries.rows[:SAMPLE]
    tokens = next((name for name in TOKENS if rows and all(_texts(row.values.get(name)) for row in rows)), "")
    for name in TAGS if columns.label is None else (columns.label,):
        held = [tag for row in rows for tag in _listed(row.values.get(name))]
        if not tokens or not held:
            continue
        if all(isinstance(tag, str) and TAG.fullmatch(tag) for tag in held):
            return tokens, name
        if all(isinstance(tag, int) for tag in held) and _side_by_side(rows[0], tokens, name):
            raise BadFile(
                f"'{name}' holds numbers of tags that nothing names",
                argument=ARGUMENT,
                remedy="Save it with its features (to_parquet, save_to_disk), or with the tags' names",
            )
    return None


def read_tagged_rows(entries: FileEntries, columns: Columns, tokens: str, tags: str) -> RegionData:
    """The spans in the text of a row's tokens with a blank between; rows of one id and text are answers."""
    dropped, unclear = dropped_rows(entries.rows, frozenset({tokens, tags}))
    left_out = [LeftOut(entries.rows[n].place, reason) for n, reason in sorted(dropped.items())]
    items: dict[tuple[str, str], RegionItem] = {}
    for n, row in enumerate(entries.rows):
        words, marks = row.values.get(tokens), _listed(row.values.get(tags))
        named = all(isinstance(mark, str) and TAG.fullmatch(mark) for mark in marks)
        if n in dropped:
            continue
        if not _texts(words) or not named or not _side_by_side(row, tokens, tags):
            left_out.append(LeftOut(row.place, UNEQUAL))
            continue
        item = tagged_item(id_of(row, columns), row.place, _listed(words), marks)
        answer = replace(item.answers[0], annotator=annotator_of(row, columns))
        known = items.setdefault((item.id, item.text), replace(item, answers=()))
        items[item.id, item.text] = replace(known, answers=(*known.answers, answer))
    notes = (*entries.notes, *unclear)
    return RegionData(FileKind.SPANS, tuple(items.values()), tags, (tokens,), tuple(left_out), notes=notes)


def _side_by_side(row: FileEntry, tokens: str, tags: str) -> bool:
    return len(_listed(row.values.get(tokens))) == len(_listed(row.values.get(tags)))


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
