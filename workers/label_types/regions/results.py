"""Label Studio's results with regions: one region changed, added, removed or put back, all else verbatim."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connector.platforms.results import dicts, finite, meta_of

Raw = dict[str, Any]
RELATION = "relation"
_DRAWN = ("x", "y", "width", "height", "points", "vertices", "rle", "radiusX", "start", "end")  # of a place


Belongs = Callable[[Raw], bool]  # whether an item is one region's, or says something of it


def belongs_to(region: Raw) -> Belongs:
    """What has the region's id; the region alone where it has none."""
    region_id = region.get("id")
    if region_id is None:
        return lambda item: item is region
    return lambda item: item.get("id") == region_id


def changed(result: Any, belongs: Belongs, change: Callable[[Raw], Raw]) -> list[Raw]:
    """The result with `change` made to all items of one region.

    Order, relations and all other items stay as they are.
    """
    return [change(item) if belongs(item) else item for item in _entries(result)]


def are_one(item: Raw, other: Raw) -> bool:
    """Whether two items of one region are the same thing said of it, or two relations the same one."""
    return all(item.get(key) == other.get(key) for key in ("from_name", "type", "from_id", "to_id"))


def undone(item: Raw, before: Raw, written: Raw, marks: Mapping[str, Any]) -> Raw:
    """An item in which just what we had changed is as before; what people changed in it since stays.

    `written` is what we made of `before`, `marks` what we noted in its `meta`.
    """
    result = _taken_back(item, before, written)
    if isinstance(item.get("value"), dict):
        result["value"] = _taken_back(item["value"], before.get("value") or {}, written["value"])
    meta = {key: value for key, value in meta_of(item).items() if key not in marks}
    meta |= {key: value for key, value in meta_of(before).items() if key in marks}
    if meta or "meta" in before:
        return {**result, "meta": meta}
    return {key: value for key, value in result.items() if key != "meta"}


def _taken_back(now: Raw, before: Raw, written: Raw) -> Raw:
    ours = {key for key in {*before, *written} if before.get(key) != written.get(key)} - {"value", "meta"}
    kept = {key: value for key, value in now.items() if key not in ours}
    return kept | {key: before[key] for key in ours if key in before}


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


def put_back(result: Any, before: Any, was: Belongs) -> list[Raw]:
    """The result with a removed region in its old place; relations that left with it return.

    `was` tells its items in the result before.
    """
    old, known = _entries(before), list(_entries(result))
    for place, item in enumerate(old):
        if was(item):
            known.insert(_old_place(old, place, known), item)
    ids = [item["id"] for item in old if was(item) and item.get("id") is not None]
    for place, item in enumerate(old):
        if _leads_to(item, ids) and _ends_there(item, known):
            known.insert(_old_place(old, place, known), item)
    return known


def ids_are_unique(items: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the items of one control are regions of their own: the page merges two of one id."""
    ids = [item.get("id") for item in items if item.get("id") is not None]
    return len(ids) == len({str(one) for one in ids})


def meets_another(result: Any, regions: Sequence[Raw]) -> bool:
    """Whether another control has drawn a region elsewhere under the id of one of these."""
    places = {str(one["id"]): _drawn_at(one) for one in regions if one.get("id") is not None}
    others = (item for item in _entries(result) if item not in regions and str(item.get("id")) in places)
    return any(any(_drawn_at(item)) and _drawn_at(item) != places[str(item["id"])] for item in others)


def _drawn_at(item: Raw) -> tuple[str, ...]:
    value = item.get("value")
    held = value if isinstance(value, dict) else {}
    numbers = {key: finite(held[key]) for key in _DRAWN if key in held}
    return tuple(
        "" if key not in held else str(held[key] if numbers[key] is None else numbers[key]) for key in _DRAWN
    )


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


def _old_place(old: Sequence[Raw], place: int, now: Sequence[Raw]) -> int:
    """Where the item at `place` belongs: behind the one that was before it, else before the next one."""
    at = {_name(item): number for number, item in enumerate(now)}
    if place and _name(old[place - 1]) in at:
        return at[_name(old[place - 1])] + 1
    following = next((at[_name(item)] for item in old[place + 1 :] if _name(item) in at), None)
    if following is not None:
        return following
    return next((at[_name(item)] + 1 for item in reversed(old[:place]) if _name(item) in at), 0)


def _name(item: Raw) -> tuple[str, ...]:
    """What an item is known by, whatever was changed in it; its content where it has no id."""
    keys = ("id", "from_name", "from_id", "to_id")
    named = tuple(str(item.get(key)) for key in keys)
    known = item.get("id") is not None or item.get("type") == RELATION
    return named if known else (*named, str(item.get("value")))
