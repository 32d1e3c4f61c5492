"""Objects around the items: an API's page, pandas' forms, a split of a dataset, an error in place of data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connector.wording import one_line
from workers.cli.offline.errors import ARGUMENT, BadFile

ERROR_KEYS = ("detail", "error", "message")
QUOTED = 200  # characters of somebody else's message
ITEM_KEYS = frozenset({"data", "annotations", "completions", "fields", "result", "inputs"})  # of one item
PAGES = ("rows", "items", "tasks", "results", "records", "examples", "hits")  # usual keys of the items' list
# Keys of the item within each entry, and what stands beside it.
INNER = {"row": "row_idx", "_source": "_id", "node": "cursor"}
SHOWN = 6  # keys in a message
LONGEST_KEY = 30  # characters of each

Unwrapped = tuple[Sequence[Any], tuple[str, ...]]


def unwrapped(value: Mapping[str, Any]) -> Unwrapped:
    """The items within one object, and what was taken. BadFile where there are none, or several lists."""
    if isinstance(value.get("data"), dict) and ITEM_KEYS & (set(value) - {"data"}):
        return [value], ()
    if "result" in value and "task" in value:  # one file of Label Studio's target storage
        return [value], ()
    listed = value.get("annotations")
    pairs = [pair for pair in map(pair_of, listed if isinstance(listed, list) else ()) if pair is not None]
    if pairs:
        return pairs, ("Items are taken from the list under 'annotations'.",)
    rows = _split_form(value) or _columns(value) or _by_index(value)
    if rows is not None:
        return rows, ("It is one object of columns, as pandas writes it: each index is one item.",)
    lists = {key: each for key, each in value.items() if _is_list_of_objects(each)}
    usual = [key for key in PAGES if key in lists]
    if len(lists) == 1 or len(usual) == 1:
        key = usual[0] if usual else next(iter(lists))
        others = ", ".join(f"'{name}' ({len(each)})" for name, each in lists.items() if name != key)
        text = f"Items are taken from the list under '{key}'" + (f", not from {others}." if others else ".")
        return [_row_of(each) for each in lists[key]], (text,)
    if len(lists) > 1:
        sizes = ", ".join(f"'{key}' ({len(each)})" for key, each in list(lists.items())[:SHOWN])
        problem = f"it holds several lists: {sizes}"
        raise BadFile(problem, argument=ARGUMENT, remedy="Save the one to judge as a file of its own")
    inner = [each for each in value.values() if isinstance(each, dict)]
    plain = not any(isinstance(each, str) for each in value.values())
    if len(inner) == 1 and (plain or any(map(_is_list_of_objects, inner[0].values()))):
        return unwrapped(inner[0])
    raise _no_items(value)


def pair_of(value: Any) -> dict[str, Any] | None:
    """[text, {"entities": [..]}], as spaCy was trained with, as an object; None for anything else."""
    if not isinstance(value, list) or len(value) != 2 or not isinstance(value[0], str):
        return None
    return {"text": value[0], **value[1]} if isinstance(value[1], dict) and value[1] else None


def _no_items(value: Mapping[str, Any]) -> BadFile:
    text = next((value[key] for key in ERROR_KEYS if isinstance(value.get(key), str) and value[key]), None)
    if text is not None:
        problem = f'it holds an answer of a server in place of data: "{one_line(text, QUOTED)}"'
        return BadFile(problem, argument=ARGUMENT, remedy="Mend what it says, and download the file again")
    keys = ", ".join(f"'{one_line(key, LONGEST_KEY)}'" for key in list(value)[:SHOWN]) or "no keys"
    problem = f"it holds one object ({keys}), not a list of items"
    remedy = "Give a list of tasks, as Label Studio exports it (JSON), or of flat objects"
    return BadFile(problem, argument=ARGUMENT, remedy=remedy)


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and len(value) > 0 and all(isinstance(each, dict) for each in value)


def _row_of(value: Any) -> Any:
    """The item in one more object: of Hugging Face's dataset server, of a search, of a graph."""
    if not isinstance(value, dict):
        return value
    for key, beside in INNER.items():
        inner = value.get(key)
        if isinstance(inner, dict) and (beside in value or len(value) == 1):
            return inner if beside != "_id" else {"id": value.get("_id"), **inner}
    return value


def _split_form(value: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """{"columns": [..], "data": [[..], ..]}: pandas' orient=split."""
    names, rows = value.get("columns"), value.get("data")
    if not isinstance(names, list) or not isinstance(rows, list):
        return None
    if not all(isinstance(row, list) and len(row) == len(names) for row in rows):
        return None
    return [dict(zip(map(str, names), row, strict=True)) for row in rows]


def _columns(value: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """{"text": {"0": .., "1": ..}, "label": {..}}, or lists in place of the inner objects."""
    columns = list(value.values())
    if len(columns) < 2:
        return None
    if all(isinstance(column, list) for column in columns) and not any(map(_is_list_of_objects, columns)):
        if len({len(column) for column in columns}) != 1 or not columns[0]:
            return None
        return [dict(zip(value, row, strict=True)) for row in zip(*columns, strict=True)]
    if not all(isinstance(column, dict) and column for column in columns):
        return None
    index = list(columns[0])
    same = all(set(column) == set(index) for column in columns)
    if not same or not (len(columns) < len(index) or all(key.isdigit() for key in index)):
        return None
    return [{name: column[key] for name, column in value.items()} for key in index]


def _by_index(value: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """{"a": {"text": .., "label": ..}, "b": {..}}: outer keys are ids where items have none."""
    items = list(value.items())
    if len(items) < 2 or not all(isinstance(each, dict) and each for _, each in items):
        return None
    shared = set.intersection(*(set(each) for _, each in items))
    return [{"id": key, **each} for key, each in items] if shared else None
