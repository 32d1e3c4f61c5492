"""One page ahead, no more, and no thread left behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from connector.platforms.prefetch import one_ahead


def counted(n: int, seen: list[int]) -> Iterator[int]:
    for number in range(n):
        seen.append(number)
        yield number


def test_pages_arrive_in_order() -> None:
    assert list(one_ahead(counted(5, []))) == [0, 1, 2, 3, 4]
    assert list(one_ahead(iter(()))) == []


def test_never_more_than_one_page_is_fetched_ahead() -> None:
    seen: list[int] = []
    pages = one_ahead(counted(100, seen))
    assert next(pages) == 0
    pages.close()  # type: ignore[attr-defined]  # a generator
    assert len(seen) <= 2


def test_an_abandoned_iterator_leaves_no_thread() -> None:
    before = threading.active_count()
    pages = one_ahead(counted(100, []))
    next(pages)
    del pages
    assert threading.active_count() == before


def test_an_error_arrives_after_the_pages_before_it() -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise ValueError("no more")

    pages = one_ahead(failing())
    assert next(pages) == 1
    with pytest.raises(ValueError, match="no more"):
        next(pages)
