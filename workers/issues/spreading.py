"""Work on parts of an array, spread over threads: numpy lets other threads run while it computes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

THREADS = 2  # by default: what most machines have to spare, where each worker process has its own
Part = TypeVar("Part")


def spread(
    make_work: Callable[[], Callable[[Part], None]], parts: Iterable[Part], threads: int = THREADS
) -> None:
    """Do the work on every part. Each thread has a work of its own, which may own buffers.

    Parts are begun in order, and which thread does which is left to chance, so parts must not depend on
    each other. Where several fail, the error of the first of them is raised, whatever the number of threads.
    """
    waiting = list(enumerate(parts))
    threads = min(threads, len(waiting))
    if threads <= 1:
        work = make_work()
        for _, part in waiting:
            work(part)
        return
    queue = iter(waiting)
    failures: list[tuple[int, Exception]] = []
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(_work_off, make_work(), queue, failures) for _ in range(threads)]:
            done.result()
    if failures:
        raise min(failures, key=lambda failure: failure[0])[1]


def _work_off(
    work: Callable[[Part], None],
    queue: Iterator[tuple[int, Part]],
    failures: list[tuple[int, Exception]],
) -> None:
    for number, part in queue:
        try:
            work(part)
        except Exception as failure:  # noqa: BLE001 - raised by `spread`, once all have stopped
            failures.append((number, failure))
        if failures:
            return


def in_order(by_start: Mapping[int, Part]) -> list[Part]:
    """What was found in each part, by where the parts start."""
    return [by_start[start] for start in sorted(by_start)]


def slices(length: int, step: int) -> Sequence[slice]:
    """Consecutive parts of at most `step`."""
    return [slice(start, min(start + step, length)) for start in range(0, length, step)]
