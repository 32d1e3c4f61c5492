"""Pages by key, not by offset: what is inserted or removed meanwhile neither hides nor repeats a row."""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, DateTime, Select, literal, tuple_
from sqlalchemy.engine import Connection
from sqlalchemy.types import TypeDecorator

from connector.errors import BadPayload

T = TypeVar("T")
LARGEST_INT = 2**31 - 1  # of an INTEGER column on PostgreSQL


@dataclass(frozen=True, slots=True)
class Slice(Generic[T]):
    """Some rows, and the cursor that continues after them; None at the end."""

    items: tuple[T, ...]
    next: str | None


def page(
    connection: Connection,
    query: Select[Any],
    keys: Sequence[ColumnElement[Any]],
    make: Callable[[Any], T],
    *,
    limit: int,
    after: str | None,
) -> Slice[T]:
    """Up to `limit` rows in the order of `keys`, which must be unique together and among the columns."""
    if after is not None:
        start = [literal(value, key.type) for value, key in zip(_decode(after, keys), keys, strict=True)]
        query = query.where(tuple_(*keys) > tuple_(*start))
    rows = connection.execute(query.order_by(*keys).limit(limit + 1)).all()
    result = rows[:limit]
    more = len(rows) > limit
    cursor = _encode([getattr(result[-1], str(key.key)) for key in keys]) if more else None
    return Slice(tuple(make(row) for row in result), cursor)


def _encode(values: Sequence[Any]) -> str:
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    return urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def _decode(cursor: str, keys: Sequence[ColumnElement[Any]]) -> list[Any]:
    try:
        values = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        pairs = zip(values, keys, strict=True)
        return [_typed(value, key) for value, key in pairs]
    except (ValueError, TypeError, RecursionError, binascii.Error) as error:
        msg = "the cursor is not one that was given out"
        raise BadPayload(msg) from error


def _typed(value: Any, key: ColumnElement[Any]) -> Any:
    """The value as its column has it; TypeError or ValueError for what no row can hold."""
    kind = key.type.impl_instance if isinstance(key.type, TypeDecorator) else key.type
    if isinstance(kind, DateTime):
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError(value)
        return moment
    if type(value) is not kind.python_type:
        raise TypeError(value)
    if isinstance(value, str) and not (value.isascii() and value.isprintable()):
        raise ValueError(value)
    if isinstance(value, int) and abs(value) > LARGEST_INT:
        raise ValueError(value)
    return value
