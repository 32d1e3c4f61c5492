"""What commands print: results on stdout, as text or JSON; all else on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import date
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from workers.context import Progress as Report

WIDE = 240  # columns


def stdout() -> Console:
    """As wide as the terminal; where a program reads, wide enough that nothing is folded."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)


def stderr() -> Console:
    return Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """One JSON document on stdout."""
    json.dump(_plain(value), sys.stdout, ensure_ascii=False, indent=2, allow_nan=False)
    sys.stdout.write("\n")


def json_line(value: Any) -> str:
    return json.dumps(_plain(value), ensure_ascii=False, allow_nan=False)


def note(text: str) -> None:
    """A word to the person in front of the terminal, as it stands: no markup."""
    stderr().print(text, markup=False)


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table on stdout; cells are shown as they are, so that a label cannot format the page."""
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for n, name in enumerate(columns):
        drawn.add_column(name, overflow="fold", no_wrap=n == 0)  # the first is an id, to be copied
    for row in rows:
        drawn.add_row(*(escape("" if cell is None else str(cell)) for cell in row))
    stdout().print(drawn)


class CountAndRate(ProgressColumn):
    """'1,200 of 1,797 tasks, 310/s'."""

    def render(self, task: Task) -> Text:
        total = "" if task.total is None else f" of {task.total:,.0f}"
        speed = task.finished_speed or task.speed
        rate = f", {speed:,.0f}/s" if speed else ""
        return Text(f"{task.completed:,.0f}{total} {task.fields['what']}{rate}")


@contextmanager
def progress(title: str) -> Iterator[Report]:
    """A bar on stderr while the block runs; silent where stderr is no terminal."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        CountAndRate(),
        TimeElapsedColumn(),
        console=stderr(),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    with bar:
        task = bar.add_task(title, total=None, what="")

        def report(done: int, total: int | None, what: str) -> None:
            bar.update(task, completed=done, total=total, what=what)

        yield report


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {str(_plain(key)): _plain(each) for key, each in value.items()}
    if isinstance(value, date):  # and datetime, which is one
        return value.isoformat()
    if isinstance(value, str | int | float | None):
        return value
    if isinstance(value, Path):
        return str(value)
    return [_plain(each) for each in value]
