"""What a large file asks again and again is answered once."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")
MOST = 100_000  # different texts


def remembered(read: Callable[[Any], T]) -> Callable[[Any], T]:
    """The same function, which reads each text once; of values that are no text each one."""
    known: dict[str, T] = {}

    def look_up(value: Any) -> T:
        if type(value) is not str:
            return read(value)
        if value in known:
            return known[value]
        answer = read(value)
        if len(known) < MOST:
            known[value] = answer
        return answer

    return look_up


@contextmanager
def without_collection() -> Iterator[None]:
    """Millions of rows are made and kept: looking through them for garbage again and again finds none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
