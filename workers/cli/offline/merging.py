"""Rows of one id: answers about one item, or different items that share it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any

from workers.cli.offline.errors import BadFile
from workers.cli.offline.record import Record

ROUNDED = re.compile(r"\d([.,]\d+)?E\+\d{2,3}", re.IGNORECASE)  # as a spreadsheet shows a long number
MOST = 0.5  # of the ids that occur more than once


def merged(
    rows: Sequence[Record], fields: Sequence[str], *, explicit: str | None, by_id: bool
) -> tuple[list[Record], tuple[str, ...]]:
    """One record for each item, and what was done about ids that stand for several.

    Parameters
    ----------
    rows
        In the file's order.
    fields
        What makes an item: rows of one id that differ here are different items.
    explicit
        The id column where the person named it; ids that cannot be ids are then refused.
    by_id
        Whether equal rows of one id are answers about one item, the majority's label standing.

    Raises
    ------
    BadFile
        If the named column holds no ids of items.
    """
    if len({row.id for row in rows}) == len(rows):
        return list(rows), ()
    if not by_id:
        return _distinct(rows), ()
    by_name: dict[str, list[Record]] = defaultdict(list)
    for row in rows:
        by_name[row.id].append(row)
    rounded = [row for row in rows if ROUNDED.fullmatch(row.id)]
    content = {name: {_content(row, fields): row for row in same} for name, same in by_name.items()}
    clashes = {name: list(each.values()) for name, each in content.items() if len(each) > 1}
    if not clashes:
        return [_together(same) for same in by_name.values()], ()
    sentence = _sentence(clashes, rounded)
    if explicit is not None:
        raise BadFile(
            f"'{explicit}' names different items by one id: {sentence}",
            argument="--id-column",
            remedy="Name a column with one id for each item, or leave the option out",
        )
    n_repeated = sum(len(same) > 1 for same in by_name.values())
    if rounded or len(clashes) > MOST * n_repeated:
        text = (
            f"Ids are not used, rows are named by their place: {sentence}. --id-column names another column."
        )
        return [_by_place(row) for row in rows], (text,)
    text = f"Rows of one id that hold different items are kept apart: {sentence}."
    apart = [_together(same) for name in by_name for same in _same_content(by_name[name], fields)]
    return _distinct(apart), (text,)


def _sentence(clashes: dict[str, list[Record]], rounded: Sequence[Record]) -> str:
    name, rows = next(iter(clashes.items()))
    why = ", rounded by a spreadsheet" if rounded else ""
    first, second = rows[0].place, rows[1].place
    return f"{len(clashes)} ids stand for different items ({name}{why}: {first} and {second})"


def _same_content(rows: Sequence[Record], fields: Sequence[str]) -> list[list[Record]]:
    result: dict[Hashable, list[Record]] = defaultdict(list)
    for row in rows:
        result[_content(row, fields)].append(row)
    return list(result.values())


def _content(row: Record, fields: Sequence[str]) -> Hashable:
    return tuple(_hashable(row.data.get(field)) for field in fields)


def _hashable(value: Any) -> Hashable:
    if isinstance(value, str):
        return " ".join(value.split())
    return value if isinstance(value, int | float | None) else repr(value)


def _by_place(row: Record) -> Record:
    return replace(row, id=row.place)


def _distinct(rows: Sequence[Record]) -> list[Record]:
    """Ids that occur twice are told apart by the place."""
    times = Counter(row.id for row in rows)
    return [replace(row, id=f"{row.id} ({row.place})") if times[row.id] > 1 else row for row in rows]


def _together(rows: Sequence[Record]) -> Record:
    if len(rows) == 1:
        return rows[0]
    answers = tuple(answer for row in rows for answer in row.answers)
    votes = [label for _, label in answers]
    winner = max(dict.fromkeys(votes), key=votes.count)
    first = next(row for row in rows if row.label == winner)
    times = tuple(time for row in rows for time in row.times)
    return Record(first.id, first.place, first.data, winner, first.annotator, answers, first.at, times)
