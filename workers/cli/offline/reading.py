"""From a path to labelled items: what a file is, its content says."""

from __future__ import annotations

from pathlib import Path

from workers.cli.offline.argilla import is_argilla, read_records
from workers.cli.offline.dataset import Columns, Dataset
from workers.cli.offline.errors import ARGUMENT, BadFile
from workers.cli.offline.formats import columnar, delimited, fasttext, json_values, spreadsheet
from workers.cli.offline.formats.entries import FileEntries
from workers.cli.offline.formats.folder import read_folder
from workers.cli.offline.formats.source import InputFile, load
from workers.cli.offline.formats.unpacking import ZIP
from workers.cli.offline.label_studio import is_export, read_tasks
from workers.cli.offline.labelbox import is_labelbox, questions_apart
from workers.cli.offline.remembering import without_collection
from workers.cli.offline.rows import read_rows


def read_file(path: Path, columns: Columns, encoding: str | None = None) -> Dataset:
    """Read a file of labelled items, or a folder of them.

    Parameters
    ----------
    path
        A table (CSV, TSV, workbook, Parquet, Arrow), JSON in any wrapping, either of them packed; a folder
        that `datasets` saved, of parts of one table, of Label Studio's target storage, or of texts by class.
    columns
        What the person said of it.
    encoding
        Of the text; guessed, and said, where it is not given and the file is not UTF-8.

    Raises
    ------
    BadFile
        If it is not there, cannot be read, or holds nothing to judge.
    """
    with without_collection():
        return read_entries(
            folder_entries(path, encoding) if path.is_dir() else _file(path, encoding), columns
        )


def read_entries(entries: FileEntries, columns: Columns) -> Dataset:
    """The labelled items of a file's objects, whichever tool wrote them."""
    if not entries.rows:
        raise BadFile("it holds no rows", argument=ARGUMENT, remedy="Export items that have been labelled")
    if is_export(entries.rows):
        return read_tasks(entries, columns)
    if is_argilla(entries.rows):
        return read_records(entries, columns)
    if is_labelbox(entries.rows):
        return read_rows(*questions_apart(entries, columns))
    return read_rows(entries, columns)


def _file(path: Path, encoding: str | None) -> FileEntries:
    return entries_of(load(path, encoding))


def entries_of(source: InputFile) -> FileEntries:
    """The objects of a file. Content decides; the ending only where text could be both."""
    content = source.content
    if columnar.is_columnar(content):
        return columnar.read(source)
    if content.startswith((ZIP, spreadsheet.OLD)):
        return spreadsheet.read(source)
    if fasttext.is_fasttext(content):
        return fasttext.read(source)
    if _is_json(source):
        return json_values.read(source)
    return delimited.read(source)


def _is_json(source: InputFile) -> bool:
    if source.suffix in (".json", ".jsonl", ".ndjson", ".jsonc", ".json5"):
        return True
    if source.suffix in (".csv", ".tsv", ".tab"):
        return False
    start = source.content[:64].lstrip(b"\xef\xbb\xbf\xff\xfe\xfe\xff \t\r\n\0\x1e")
    return start.startswith((b"{", b"["))


def folder_entries(path: Path, encoding: str | None = None) -> FileEntries:
    """The objects of a folder's files."""
    return read_folder(path, entries_of, encoding)
