"""Fetch the next page while the caller is busy with this one."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

T = TypeVar("T")


def one_ahead(pages: Iterator[T]) -> Generator[T, None, None]:
    """The same pages; the next is fetched in a thread meanwhile. Never more than one ahead.

    Abandoning the iterator waits for the page under way and leaves no thread behind.
    """
    nothing = object()
    here = copy_context()  # of what is traced: the thread has none of its own

    def fetch() -> object:
        return here.run(lambda: next(pages, nothing))

    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="prefetch") as thread:
        coming = thread.submit(fetch)
        while (page := coming.result()) is not nothing:
            coming = thread.submit(fetch)
            yield page  # type: ignore[misc]  # the sentinel is excluded just above
