"""Marks of corrections whose region is gone: a region that is left carries them. Pure.

What a correction put on its own region goes with that region. So a removal is noted beside it, and what a
region carries for others moves on when it is removed in its turn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connector.platforms.results import MARKER, REMOVED, dicts, marks_on, meta_of

Raw = dict[str, Any]


def carried(before: Any, after: Any, control: str, mark: Mapping[str, Any] | None = None) -> list[Raw]:
    """`after` with each mark of `before` that lost its region, and with `mark` unless it is there.

    On the first region of the control, else of any; as it is where no region is left.
    """
    entries = list(dicts(after))
    there = [one for entry in entries for one in marks_on(entry)]
    lost = [one for one in _noted(before) if one not in there]
    if mark is not None and all(one[MARKER] != mark[MARKER] for one in there):
        lost.append(dict(mark))
    at = _carrier(entries, control)
    if not lost or at is None:
        return entries
    meta = meta_of(entries[at])
    noted = [*dicts(meta.get(REMOVED)), *lost]
    return [*entries[:at], {**entries[at], "meta": {**meta, REMOVED: noted}}, *entries[at + 1 :]]


def bare(result: Any) -> list[Raw]:
    """The result without what was noted of any removal: as its regions are by themselves."""
    return [_left_with(entry, ()) for entry in dicts(result)]


def without(result: Any, marker: str) -> list[Raw]:
    """The result without what was noted of one removal."""
    return [_without(entry, marker) for entry in dicts(result)]


def _noted(result: Any) -> list[Raw]:
    return [one for entry in dicts(result) for one in dicts(meta_of(entry).get(REMOVED))]


def _carrier(entries: Sequence[Raw], control: str) -> int | None:
    names = [entry.get("from_name") for entry in entries]
    if control in names:
        return names.index(control)
    return next((at for at, name in enumerate(names) if name is not None), None)


def _without(entry: Raw, marker: str) -> Raw:
    noted = dicts(meta_of(entry).get(REMOVED))
    left = [one for one in noted if one.get(MARKER) != marker]
    return entry if len(left) == len(noted) else _left_with(entry, left)


def _left_with(entry: Raw, left: Sequence[Raw]) -> Raw:
    meta = meta_of(entry)
    if REMOVED not in meta:
        return entry
    kept = {key: value for key, value in meta.items() if key != REMOVED} | (
        {REMOVED: [*left]} if left else {}
    )
    return {key: value for key, value in entry.items() if key != "meta"} | ({"meta": kept} if kept else {})
