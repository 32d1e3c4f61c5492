"""CSV and TSV in the dialects that spreadsheets, survey tools, Spark and MySQL write."""

from __future__ import annotations

import contextlib
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from connector.wording import number_of
from workers.cli.offline.errors import ARGUMENT, BadFile
from workers.cli.offline.formats.entries import FileEntries, FileEntry
from workers.cli.offline.formats.source import InputFile, text_of
from workers.cli.offline.invisible import visible

DELIMITERS = ",;\t|^\x01"  # the last is Hive's
REMARK = "#"  # begins lines that tools put before the header
SEP_LINE = re.compile(r"\A\"?sep=(.)\"?\r?\n", re.IGNORECASE)  # Excel's
LONGEST_CELL = 1 << 30  # characters; images in place are longer than csv's own limit
TITLED = 0.1  # how well a sign divides that is not in the first line: better than none does
MOST_NAMED = 6  # columns in a sentence
SAMPLE_ROWS = 50  # that show what divides cells


@dataclass(frozen=True, slots=True)
class Dialect:
    delimiter: str
    spaces: bool  # between a delimiter and a quotation mark
    escapes: bool = False  # a backslash makes the next character plain, as Spark and MySQL write it
    quote: str | None = '"'  # None where marks are part of the text


class _Row(NamedTuple):
    line: int  # where it begins
    cells: list[str]


def read(source: InputFile) -> FileEntries:
    """The rows under a header. BadFile for a row that has cells without a column, or quotes left open."""
    text, notes = text_of(source)
    return read_text(text, source.suffix, notes)


def read_text(text: str, suffix: str = "", notes: tuple[str, ...] = ()) -> FileEntries:
    """The same, of text."""
    first_line = 1
    sep = SEP_LINE.match(text)
    if sep is not None:
        text, first_line = text[sep.end() :], 2
    blank = len(text) - len(text.lstrip("\r\n"))
    first_line += text.count("\n", 0, blank)
    text = text[blank:].replace("\0", "")
    text, n_remarks = _without_remarks(text)
    if n_remarks:
        first_line += n_remarks
        lines = number_of(n_remarks, "line before the header begins", "lines before the header begin")
        notes = (*notes, f"{lines} with {REMARK}: {_passed_over(n_remarks)}.")
    dialect = _dialect(text, sep[1] if sep is not None else None, suffix)
    try:
        return _entries(list(_rows(text, dialect, first_line)), notes)
    except BadFile:
        for other, answer in _others(text, dialect):
            with contextlib.suppress(BadFile):
                return _entries(list(_rows(text, other, first_line)), (*notes, *answer))
        raise


def cells_of(text: str, suffix: str = "", delimiter: str | None = None) -> list[list[str]]:
    """All rows as they are, without a header. BadFile where quotes are left open."""
    return [row.cells for row in _rows(text, _dialect(text, delimiter, suffix), 1)]


def _others(text: str, dialect: Dialect) -> Iterator[tuple[Dialect, tuple[str, ...]]]:
    """What a text may be that does not fit its likeliest dialect."""
    if "\\" in text:
        yield replace(dialect, escapes=True), ()
    if dialect.delimiter == "\t":
        yield replace(dialect, quote=None), ("Quotation marks are taken as they stand: they do not close.",)


def _passed_over(count: int) -> str:
    return "it is passed over" if count == 1 else "they are passed over"


def _without_remarks(text: str) -> tuple[str, int]:
    """The text from its header on, and how many lines stand before it.

    A first line that begins with # is a header itself where it divides as the next one does.
    """
    n, start = 0, 0
    while text.startswith(REMARK, start):
        end = text.find("\n", start) + 1
        following = text[end : text.find("\n", end) + 1 or None]
        if not end or _marks(text[start:end]) & _marks(following):
            break
        n, start = n + 1, end
        if not following.startswith(REMARK):
            break
    return text[start:], n


def _marks(line: str) -> set[str]:
    return {each for each in DELIMITERS if each in line}


def _entries(rows: list[_Row], notes: tuple[str, ...]) -> FileEntries:
    if not rows:
        raise BadFile("it holds no rows", argument=ARGUMENT, remedy="Export items that have been labelled")
    rows, n_titles = _from_header(rows)
    if n_titles:
        lines = number_of(n_titles, "line before the header has", "lines before the header have")
        notes = (*notes, f"{lines} one cell: {_passed_over(n_titles)}.")
    header = rows[0]
    names = [visible(cell) for cell in header.cells]
    _refuse_equal_names(names, header.line)
    body = [row for row in rows[1:] if row.cells != header.cells]
    if len(body) < len(rows) - 1:
        n_again = len(rows) - 1 - len(body)
        again = number_of(n_again, "row is", "rows are")
        notes = (*notes, f"{again} the header again: {_passed_over(n_again)}.")
    kept: list[FileEntry] = []
    short = spare = 0
    n_cells, all_named = len(names), all(names)
    for row in body:
        line, cells = row
        if all_named and len(cells) == n_cells and cells[0].strip():  # nearly every row of nearly every file
            kept.append(FileEntry(f"line {line}", dict(zip(names, cells))))  # noqa: B905 - of one length
            continue
        if not any(cell.strip() for cell in cells):
            continue
        beyond = row.cells[len(names) :]
        if any(cell.strip() for cell in beyond):
            raise _too_many(row, names)
        short += len(row.cells) < len(names)
        spare += bool(beyond)
        values = {
            name: cell
            for name, cell in zip(names, row.cells + [""] * (len(names) - len(row.cells)), strict=False)
            if name
        }
        unnamed = [cell for name, cell in zip(names, row.cells, strict=False) if not name and cell.strip()]
        kept.append(FileEntry(f"line {row.line}", values if not unnamed else {**values, "": unnamed[0]}))
    if short:
        rows_end = number_of(short, "row ends", "rows end")
        notes = (*notes, f"{rows_end} early: what is lacking is taken as empty.")
    if spare:
        rows_end = number_of(spare, "row ends", "rows end")
        notes = (*notes, f"{rows_end} with empty cells beyond the last column: these are ignored.")
    return FileEntries(tuple(kept), notes)


def _from_header(rows: list[_Row]) -> tuple[list[_Row], int]:
    """The rows from the header on: lines of one cell before rows of several are titles."""
    filled = [sum(bool(cell.strip()) for cell in row.cells) for row in rows[:SAMPLE_ROWS]]
    start = next((n for n, size in enumerate(filled) if size > 1), 0)
    wide = sum(size > 1 for size in filled[start:]) > len(filled[start:]) / 2
    after = rows[start].cells
    if not start or not wide or len(after) < 2 or not all(cell.strip() for cell in after):
        return rows, 0
    return rows[start:], sum(size == 1 for size in filled[:start])


def _refuse_equal_names(names: list[str], line: int) -> None:
    twice = next((name for name in names if name and names.count(name) > 1), None)
    if twice is not None:
        remedy = "Give each column its own name in that line"
        problem = f"two columns are named '{twice}'"
        raise BadFile(problem, argument=ARGUMENT, where=f"line {line}", remedy=remedy)


def _too_many(row: _Row, names: list[str]) -> BadFile:
    problem = (
        f"it has {number_of(len(row.cells), 'cell')} for the "
        f"{number_of(len(names), 'column')} {_listed(names)}"
    )
    remedy = "Quote cells that hold the delimiter or a line break, or export it again"
    return BadFile(problem, argument=ARGUMENT, where=f"line {row.line}", remedy=remedy)


def _listed(names: list[str]) -> str:
    return ", ".join(f"'{name}'" for name in names[:MOST_NAMED]) + (", …" if len(names) > MOST_NAMED else "")


def _rows(text: str, dialect: Dialect, first_line: int) -> Iterator[_Row]:
    """Rows with the line where each begins."""
    limit = csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=dialect.delimiter,
        skipinitialspace=dialect.spaces,
        escapechar="\\" if dialect.escapes else None,
        quotechar=dialect.quote,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        strict=True,
    )
    begins = 0
    try:
        for cells in reader:
            yield _Row(first_line + begins, cells)
            begins = reader.line_num
    except csv.Error as error:
        where = f"line {first_line + begins}"
        problem = f"the row that begins here is not CSV ({error})"
        remedy = "Close its quotation mark, or export it again: the file may be cut short"
        raise BadFile(problem, argument=ARGUMENT, where=where, remedy=remedy) from error
    finally:
        csv.field_size_limit(limit)


def _dialect(text: str, answer: str | None, suffix: str) -> Dialect:
    candidates = [answer] if answer is not None else list(DELIMITERS)
    quote = "'" if text.startswith("'") else '"'
    result = [
        (_evenness(text, dialect), dialect)
        for each in candidates
        for spaces in ([False, True] if f"{each} {quote}" in text else [False])
        for dialect in [Dialect(each, spaces, quote=quote)]
    ]
    usual = "\t" if suffix in (".tsv", ".tab") else ","
    return max(result, key=lambda pair: (*pair[0], pair[1].delimiter == usual, pair[1].spaces))[1]


def _evenness(text: str, dialect: Dialect) -> tuple[float, int]:
    """How well rows agree with the header (0..1, 0 for one column), and how many columns it has."""
    sizes: list[int] = []
    try:
        for row in _rows(_head(text), dialect, 1):
            if any(cell.strip() for cell in row.cells):
                sizes.append(len(row.cells))
            if len(sizes) > SAMPLE_ROWS:
                break
    except BadFile:
        sizes.append(0)
    header = next((n for n, size in enumerate(sizes) if size > 1), None)
    if header is None:
        return 0.0, 1
    weight = TITLED if header else 1.0
    sizes = sizes[header:]
    usual = Counter(sizes).most_common(1)[0][0]
    fit = weight * sum(size == sizes[0] for size in sizes) / len(sizes)
    return (fit if usual >= sizes[0] else fit / 2), sizes[0]


def _head(text: str) -> str:
    """Enough of the text for the sample: whole lines, more where lines are long."""
    end = 0
    for _ in range(4 * SAMPLE_ROWS):
        end = text.find("\n", end) + 1
        if not end:
            return text
    return text[:end]
