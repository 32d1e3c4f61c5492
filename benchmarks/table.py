"""Lines as one table in Markdown."""

from __future__ import annotations

from collections.abc import Iterable

from lines import Line

COLUMNS = {
    "bench": "bench",
    "rows": "items",
    "ratio": "ratio",
    "ours": "ours",
    "peer": "peer",
    "unit": "unit",
    "processor": "of it processor",
    "peak_mb": "most MB",
    "times_of_smaller": "times of the smaller",
    "load": "load",
}


def table(lines: Iterable[Line]) -> str:
    """A row for each line; what a line does not have is a dash."""
    rows = [list(COLUMNS.values()), ["---"] * len(COLUMNS)]
    rows += [[str(line.get(name, "–")) for name in COLUMNS] for line in lines]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)
