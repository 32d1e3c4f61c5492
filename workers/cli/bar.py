"""A bar that shows how far a command is."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.text import Text

if TYPE_CHECKING:
    from workers.context import Progress as Report


class CountAndRate(ProgressColumn):
    """'1,200 of 1,797 tasks, 310/s'."""

    def render(self, task: Task) -> Text:
        total = "" if task.total is None else f" of {task.total:,.0f}"
        speed = task.finished_speed or task.speed
        rate = f", {speed:,.0f}/s" if speed else ""
        return Text(f"{task.completed:,.0f}{total} {task.fields['what']}{rate}")


@contextmanager
def bar(title: str, console: Console) -> Iterator[Report]:
    """A bar on stderr while the block runs; silent where stderr is no terminal."""
    drawn = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        CountAndRate(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    with drawn:
        task = drawn.add_task(title, total=None, what="")

        def report(done: int, total: int | None, what: str) -> None:
            drawn.update(task, completed=done, total=total, what=what)

        yield report
