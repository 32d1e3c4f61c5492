"""Columns of vectors: lists of numbers, however a cell prints them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from workers.cli.offline.columns import Known
from workers.cli.offline.formats.entries import FileEntry

MOSTLY = 0.5  # of a column's cells that are lists of numbers make it one of vectors
SAMPLE = 200  # rows that show what a column holds
LEAST_BARE = 3  # numbers without brackets that are a vector; two may be a range or a place
CALLS = ("np.array(", "array(", "tensor(")  # as numpy and torch print them
NUMPY = re.compile(r"np\.\w+\(([^()]*)\)")  # how numpy 2 prints a number in a list
DTYPE = re.compile(r",\s*dtype\b.*", re.DOTALL)  # on a line of its own after long arrays
BETWEEN = re.compile(r"[\s,;]+")


def with_vectors(rows: Sequence[FileEntry], known: Known) -> Sequence[FileEntry]:
    """Columns whose cells are mostly lists of numbers hold vectors; elsewhere "[2019]" is a text."""
    names = dict.fromkeys(name for row in rows[:SAMPLE] for name in row.values if known.is_data(name))
    vectors = {name for name in names if _holds_vectors([row.values.get(name) for row in rows[:SAMPLE]])}
    if not vectors:
        return rows
    return [
        row._replace(
            values={key: _vector(value) if key in vectors else value for key, value in row.values.items()}
        )
        for row in rows
    ]


def _holds_vectors(cells: Sequence[Any]) -> bool:
    """Most are printed lists; bare numbers must be as many in each, and fractions: ids of words are text."""
    texts = [cell for cell in cells if isinstance(cell, str) and cell.strip()]
    result = [(text, numbers) for text in texts if (numbers := numbers_of(text)) is not None]
    if not result or len(result) <= MOSTLY * sum(cell not in (None, "") for cell in cells):
        return False
    bare = [(text, numbers) for text, numbers in result if not _is_bracketed(text)]
    return not bare or (
        len({len(numbers) for _, numbers in bare}) == 1 and any("." in text for text, _ in bare)
    )


def numbers_of(text: str) -> list[float] | None:
    """The numbers of a cell: a list as JSON, Python, numpy or torch print it, or bare ones; else None."""
    text = text.strip()
    bracketed = _is_bracketed(text)
    call = next((each for each in CALLS if text.startswith(each)), None)
    if call is not None:
        text = DTYPE.sub("", text.removeprefix(call)).rstrip(")")
    if "np." in text:
        text = NUMPY.sub(r"\1", text)
    parts = BETWEEN.split(text.strip("[]() \n")) if bracketed or text[:1] in "+-.0123456789" else []
    if parts in ([], [""]) or (not bracketed and len(parts) < LEAST_BARE):
        return None
    try:
        return [float(part) for part in parts if part]
    except ValueError:
        return None


def _is_bracketed(text: str) -> bool:
    return text.lstrip().startswith(("[", "(", *CALLS))


def _vector(value: Any) -> Any:
    """A list of numbers where the cell is one; else the cell."""
    numbers = numbers_of(value) if isinstance(value, str) else None
    return value if numbers is None else numbers
