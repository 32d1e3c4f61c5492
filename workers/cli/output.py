"""What commands print: results on stdout, as text or JSON; all else on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.wording import moment_text

# Rich is imported where a table or a bar is drawn: a command that only says a sentence is done before it.
if TYPE_CHECKING:
    from rich.console import Console

    from workers.context import Progress as Report

WIDE = 240  # columns
NARROW = 100  # below, a list has two lines for each entry in place of a table
WITH_LINKS = 170  # the same for lists with addresses: a folded one cannot be opened
INDENT = 4  # of the further lines of an entry


def stdout() -> Console:
    """As wide as the terminal; where a program reads, wide enough that nothing is folded."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)


def stderr() -> Console:
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """One JSON document on stdout."""
    # Where letters cannot be written as they are, JSON has its own way to spell them.
    narrow = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("-", "") != "utf8"
    json.dump(_plain(value), sys.stdout, ensure_ascii=narrow, indent=2, allow_nan=False)
    sys.stdout.write("\n")


def json_line(value: Any) -> str:
    return json.dumps(_plain(value), ensure_ascii=False, allow_nan=False)


def note(text: str) -> None:
    """A word to the person in front of the terminal, as it stands: no markup."""
    sys.stderr.write(f"{text}\n")


def line_below(text: str) -> None:
    """A further line of an entry, within the terminal: letters of double width count as two."""
    from rich.cells import cell_len, chop_cells

    room = stdout().width - INDENT - 1
    shown = text if cell_len(text) <= room else chop_cells(text, room - 1)[0] + "…"
    sys.stdout.write(f"{' ' * INDENT}{shown}\n")


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table on stdout; cells are shown as they are, so that a label cannot format the page."""
    from rich.markup import escape
    from rich.table import Table

    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for n, name in enumerate(columns):
        drawn.add_column(name, overflow="fold", no_wrap=n == 0)  # the first is an id, to be copied
    for row in rows:
        drawn.add_row(*(escape(_cell(cell)) for cell in row))
    stdout().print(drawn)


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return moment_text(value)
    return "" if value is None else str(value)


@contextmanager
def progress(title: str) -> Iterator[Report]:
    """A bar on stderr while the block runs; silent where stderr is no terminal."""
    from workers.cli.bar import bar

    with bar(title, stderr()) as report:
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
