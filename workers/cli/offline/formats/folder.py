"""A folder: a dataset that `datasets` saved, parts of one table, target storage, or a class a folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from connector.wording import number_of
from workers.cli.offline.errors import ARGUMENT, BadFile
from workers.cli.offline.formats import columnar
from workers.cli.offline.formats.entries import FileEntries, FileEntry
from workers.cli.offline.formats.source import InputFile, load, text_of

TABLES = frozenset({
    ".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".arrow", ".feather", ".xlsx", ".gz",
})  # fmt: skip
OBJECTS = ("", ".json")  # of files that hold one object each
TEXT = ".txt"
LEAST_CLASSES = 2
SHOWN = 4  # names in a message

ReadFile = Callable[[InputFile], FileEntries]


def read_folder(path: Path, read: ReadFile, encoding: str | None = None) -> FileEntries:
    """All objects of a folder's files, each with its file's name. BadFile where it holds several kinds."""
    try:
        folder = columnar.read_folder(path)
        inside = sorted(each for each in path.iterdir() if not each.name.startswith((".", "_")))
        files = [each for each in inside if each.is_file()]
        classes = [each for each in inside if each.is_dir()]
        if folder is None and not files and len(classes) >= LEAST_CLASSES:
            return _by_class(classes, encoding)
    except OSError as error:
        problem = f"the folder cannot be read ({error.strerror})"
        raise BadFile(problem, argument=ARGUMENT, remedy="Give a folder that you may read") from error
    if folder is not None:
        return folder
    tables = [each for each in files if each.suffix.lower() in TABLES]
    objects = [each for each in files if each.suffix.lower() in OBJECTS]
    if not tables and not objects:
        raise _no_data(files)
    parts = [_entries(each, read, encoding) for each in tables or objects]
    if tables:
        _refuse_others(tables, parts)
    n_others = len(files) - len(parts)
    others = (f"{number_of(n_others, 'other file is', 'other files are')} passed over.",) if n_others else ()
    what = (
        f"{number_of(len(parts), 'file is', 'files are')} taken as parts of one table: "
        f"{tables[0].name} to {tables[-1].name}."
        if len(tables) > 1
        else ""
    )
    notes = [what] if what else []
    notes += [note for part in parts for note in part.notes]
    return FileEntries(tuple(row for part in parts for row in part.rows), (*notes, *others))


def _refuse_others(files: Sequence[Path], parts: Sequence[FileEntries]) -> None:
    """BadFile where files are of several forms, or have different columns."""
    endings = {each.suffix.lower() for each in files}
    columns = {frozenset(part.rows[0].values) for part in parts if part.rows}
    if len(endings) > 1 or len(columns) > 1:
        listed = ", ".join(f"'{each.name}'" for each in files[:SHOWN]) + (", …" if len(files) > SHOWN else "")
        problem = f"its files are no parts of one table: {listed}"
        raise BadFile(problem, argument=ARGUMENT, remedy="Give one of them")


def _entries(file: Path, read: ReadFile, encoding: str | None) -> FileEntries:
    """One file's objects; where it holds one, its name is place enough."""
    try:
        result = read(load(file, encoding))
        rows = tuple(
            FileEntry(f"{file.name}, {row.place}" if len(result.rows) > 1 else file.name, row.values)
            for row in result.rows
        )
        return FileEntries(rows, tuple(f"{file.name}: {note}" for note in result.notes))
    except BadFile as error:
        where = file.name if error.where is None else f"{file.name}, {error.where}"
        raise BadFile(error.problem, argument=ARGUMENT, where=where, remedy=error.remedy) from error


def _by_class(folders: Sequence[Path], encoding: str | None) -> FileEntries:
    """One text a file, in folders that are named as their classes."""
    files = [each for folder in folders for each in sorted(folder.iterdir()) if each.is_file()]
    if not files or any(each.suffix.lower() != TEXT for each in files):
        raise _no_data(files)
    text = f"Labels are the names of the {number_of(len(folders), 'folder')} that texts lie in."
    return FileEntries(tuple(_texts(files, encoding)), (text,))


def _texts(files: Sequence[Path], encoding: str | None) -> Iterator[FileEntry]:
    for each in files:
        place = f"{each.parent.name}/{each.name}"
        text, _ = text_of(load(each, encoding))
        yield FileEntry(place, {"id": place, "text": text, "label": each.parent.name})


def _no_data(files: Sequence[Path]) -> BadFile:
    endings = Counter(each.suffix.lower() or "no ending" for each in files)
    held = ", ".join(f"{n:,} with {ending}" for ending, n in endings.most_common(SHOWN))
    problem = f"the folder holds no data that can be read ({held})" if held else "the folder holds no data"
    remedy = (
        "Give a file; or a folder that `datasets` saved, of parts of one table, of Label Studio's target "
        "storage (JSON), or of texts (.txt) in a folder for each class"
    )
    return BadFile(problem, argument=ARGUMENT, remedy=remedy)
