"""Values within an item's data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def value_at(data: Mapping[str, Any], field: str) -> Any:
    """The value of a key, or of a dotted path through objects (ticket.text); None where there is none.

    A key that has the dots itself comes first.
    """
    if field in data or "." not in field:
        return data.get(field)
    result: Any = data
    for part in field.split("."):
        if not isinstance(result, Mapping):
            return None
        result = result.get(part)
    return result
