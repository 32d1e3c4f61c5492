"""Label Studio's results with regions: one region changed, added, removed or put back, all else verbatim."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connector.platforms.results import dicts

Raw = dict[str, Any]
RELATION = "relation"


def changed(result: Any, region_id: str, control: str, change: Callable[[Raw, bool], Raw]) -> list[Raw]:
    """The result with `change` made to all items of one region.

    `change` is handed an item, and whether it is the control's own. Order, relations and all other items
    stay as they are.
    """
    return [
        change(item, item.get("from_name") == control) if item.get("id") == region_id else item
        for item in _entries(result)
    ]


def added(result: Any, item: Raw) -> list[Raw]:
    """The result with one more item, at its end."""
    return [*_entries(result), item]


def removed(result: Any, region_id: str) -> list[Raw]:
    """The result without a region, what was said of it, and the relations that would lead to nothing.

    The page cannot open a task with a relation to a region that is not there.
    """
    return [
        item for item in _entries(result) if item.get("id") != region_id and not _leads_to(item, region_id)
    ]


def put_back(result: Any, before: Any, region_id: str) -> list[Raw]:
    """The result with a region as it stood before, in its old place; relations that left with it return."""
    old, now = _entries(before), _entries(result)
    if any(item.get("id") == region_id for item in now):
        items = [item for item in old if item.get("id") == region_id]
        at = next(place for place, item in enumerate(now) if item.get("id") == region_id)
        return [*now[:at], *items, *(item for item in now[at:] if item.get("id") != region_id)]
    found = list(now)
    for place, item in enumerate(old):
        if item.get("id") == region_id:
            found.insert(_after_the_one_before(old[:place], found), item)
    for place, item in enumerate(old):
        if _leads_to(item, region_id) and _ends_there(item, found):
            found.insert(_after_the_one_before(old[:place], found), item)
    return found


def ids_are_unique(items: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the items of one control are regions of their own: the page merges two of one id."""
    ids = [item.get("id") for item in items if item.get("id") is not None]
    return len(ids) == len({str(one) for one in ids})


def _entries(result: Any) -> list[Any]:
    """All entries that are objects; a result holds nothing else."""
    return list(dicts(result))


def _leads_to(item: Mapping[str, Any], region_id: str) -> bool:
    return item.get("type") == RELATION and region_id in (item.get("from_id"), item.get("to_id"))


def _ends_there(item: Mapping[str, Any], found: Sequence[Mapping[str, Any]]) -> bool:
    there = {one.get("id") for one in found}
    return {item.get("from_id"), item.get("to_id")} <= there


def _after_the_one_before(before: Sequence[Raw], found: Sequence[Raw]) -> int:
    """Where an item belongs: behind the nearest earlier one that is still there."""
    for item in reversed(before):
        if item in found:
            return found.index(item) + 1
    return 0
