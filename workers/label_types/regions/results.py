"""Label Studio's results with regions: one region changed, added, removed or put back, all else verbatim."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connector.platforms.results import dicts

Raw = dict[str, Any]
RELATION = "relation"


Belongs = Callable[[Raw], bool]  # whether an item is one region's, or says something of it


def belongs_to(region: Raw) -> Belongs:
    """What has the region's id; the region alone where it has none."""
    region_id = region.get("id")
    if region_id is None:
        return lambda item: item is region
    return lambda item: item.get("id") == region_id


def changed(result: Any, belongs: Belongs, control: str, change: Callable[[Raw, bool], Raw]) -> list[Raw]:
    """The result with `change` made to all items of one region.

    `change` is handed an item, and whether it is the control's own. Order, relations and all other items
    stay as they are.
    """
    return [
        change(item, item.get("from_name") == control) if belongs(item) else item for item in _entries(result)
    ]


def added(result: Any, item: Raw) -> list[Raw]:
    """The result with one more item, at its end."""
    return [*_entries(result), item]


def removed(result: Any, belongs: Belongs) -> list[Raw]:
    """The result without a region, what was said of it, and the relations that would lead to nothing.

    The page cannot open a task with a relation to a region that is not there.
    """
    entries = _entries(result)
    ids = [item["id"] for item in entries if belongs(item) and item.get("id") is not None]
    return [item for item in entries if not belongs(item) and not _leads_to(item, ids)]


def put_back(result: Any, before: Any, was: Belongs, is_now: Belongs) -> list[Raw]:
    """The result with a region as it stood before, in its old place; relations that left with it return.

    `was` tells its items in the result before, `is_now` in the present one.
    """
    old, now = _entries(before), _entries(result)
    if any(is_now(item) for item in now):
        items = [item for item in old if was(item)]
        at = next(place for place, item in enumerate(now) if is_now(item))
        return [*now[:at], *items, *(item for item in now[at:] if not is_now(item))]
    known = list(now)
    for place, item in enumerate(old):
        if was(item):
            known.insert(_after_the_one_before(old[:place], known), item)
    ids = [item["id"] for item in old if was(item) and item.get("id") is not None]
    for place, item in enumerate(old):
        if _leads_to(item, ids) and _ends_there(item, known):
            known.insert(_after_the_one_before(old[:place], known), item)
    return known


def ids_are_unique(items: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the items of one control are regions of their own: the page merges two of one id."""
    ids = [item.get("id") for item in items if item.get("id") is not None]
    return len(ids) == len({str(one) for one in ids})


def _entries(result: Any) -> list[Any]:
    """All entries that are objects; a result holds nothing else."""
    return list(dicts(result))


def _leads_to(item: Mapping[str, Any], ids: Sequence[Any]) -> bool:
    return item.get("type") == RELATION and any(
        one in ids for one in (item.get("from_id"), item.get("to_id"))
    )


def _ends_there(item: Mapping[str, Any], result: Sequence[Mapping[str, Any]]) -> bool:
    there = {one.get("id") for one in result}
    return {item.get("from_id"), item.get("to_id")} <= there


def _after_the_one_before(before: Sequence[Raw], raws: Sequence[Raw]) -> int:
    """Where an item belongs: behind the nearest earlier one that is still there."""
    for item in reversed(before):
        there = [at for at, one in enumerate(raws) if one == item or _is_same_region(one, item)]
        if there:
            return there[0] + 1
    return 0


def _is_same_region(one: Raw, other: Raw) -> bool:
    """Whether it may be the same that was changed since."""
    names = ("id", "from_name", "type")
    return one.get("id") is not None and [one.get(n) for n in names] == [other.get(n) for n in names]
