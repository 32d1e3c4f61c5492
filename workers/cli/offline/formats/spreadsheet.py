"""Excel workbooks (.xlsx)."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, time
from typing import Any

from workers.cli.offline.errors import ARGUMENT, BadFile
from workers.cli.offline.formats.entries import FileEntries, FileEntry
from workers.cli.offline.formats.source import InputFile
from workers.cli.offline.invisible import visible

OLD = b"\xd0\xcf\x11\xe0"  # .xls, and workbooks under a password


def read(source: InputFile) -> FileEntries:
    """The rows of the one sheet that holds any. BadFile where there are several, or openpyxl is missing."""
    if source.content.startswith(OLD):
        problem = "it is an old or a protected workbook"
        raise BadFile(problem, argument=ARGUMENT, remedy="Save it as .xlsx without a password, or as CSV")
    sheets = [(name, rows) for name, rows in _sheets(source.content) if _is_table(rows)]
    if not sheets:
        problem = "no sheet has a header and rows"
        raise BadFile(problem, argument=ARGUMENT, remedy="Export items that have been labelled")
    if len(sheets) > 1:
        names = ", ".join(f"'{name}'" for name, _ in sheets)
        problem = f"several sheets hold rows: {names}"
        raise BadFile(problem, argument=ARGUMENT, remedy="Save the one to judge as a file of its own")
    return _entries(sheets[0][1])


def _is_table(rows: list[tuple[int, tuple[Any, ...]]]) -> bool:
    """Whether a sheet has a header of several columns and rows: one column of remarks is no table."""
    return len(rows) > 1 and sum(cell not in (None, "") for cell in rows[0][1]) > 1


def _entries(rows: list[tuple[int, tuple[Any, ...]]]) -> FileEntries:
    names = [visible("" if cell is None else str(cell)) for cell in rows[0][1]]
    twice = next((name for name in names if name and names.count(name) > 1), None)
    if twice is not None:
        remedy = "Give each column its own name"
        problem = f"two columns are named '{twice}'"
        raise BadFile(problem, argument=ARGUMENT, where=f"row {rows[0][0]}", remedy=remedy)
    return FileEntries(
        tuple(
            FileEntry(
                f"row {number}",
                {name: _value(cell) for name, cell in zip(names, cells, strict=False) if name},
            )
            for number, cells in rows[1:]
        )
    )


def _value(cell: Any) -> Any:
    return cell.isoformat() if isinstance(cell, datetime | date | time) else cell


def _sheets(content: bytes) -> list[tuple[str, list[tuple[int, tuple[Any, ...]]]]]:
    """Each sheet with its rows that hold anything, numbered as the spreadsheet shows them."""
    try:
        import openpyxl
    except ModuleNotFoundError as error:
        remedy = "Install it with: pip install 'secondlook[spreadsheets]', or save the sheet as CSV"
        raise BadFile("workbooks need openpyxl", argument=ARGUMENT, remedy=remedy) from error
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        return [
            (
                sheet.title,
                [
                    (number, cells)
                    for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1)
                    if any(cell not in (None, "") for cell in cells)
                ],
            )
            for sheet in book.worksheets
        ]
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, OSError, SyntaxError) as error:
        problem = f"it is no workbook that can be read ({error})"
        raise BadFile(problem, argument=ARGUMENT, remedy="Save it again as .xlsx or CSV") from error
