"""Values within an item's data. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def value_at(data: Any, field: str) -> Any:
    """The value of a key, or of a dotted path through objects (ticket.text); None where there is none.

    A key that has the dots itself comes first.
    """
    if not isinstance(data, Mapping):
        return None
    if field in data or "." not in field:
        return data.get(field)
    head, _, rest = field.partition(".")
    return value_at(data.get(head), rest)
