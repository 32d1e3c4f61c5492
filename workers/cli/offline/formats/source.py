"""A file's bytes, unpacked, and its text in the encoding that it is in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePath

from connector.wording import number_of
from workers.cli.offline.errors import ARGUMENT, BadFile, NoFile
from workers.cli.offline.formats.encodings import GUESSED, is_western, marked, mended, readings, wide
from workers.cli.offline.formats.unpacking import PACKED, unpacked

OTHERS = {  # what begins like this is no text, nor any form that is read
    b"SQLite format 3\0": "an SQLite database",
    b"%PDF-": "a PDF document",
    b"\x93NUMPY": "a numpy array",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"\x80\x04": "a Python pickle",
    b"\x80\x05": "a Python pickle",
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"@relation": "an ARFF file",
    b"@RELATION": "an ARFF file",
    b"INSERT INTO": "an SQL script",
    b"CREATE TABLE": "an SQL script",
}
WEB = (b"<!doctype html", b"<html")  # what a server sends in place of a file
SAMPLE = 4096  # bytes that show a web page


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file that was read. `suffix` is its ending without .gz or .zip, in small letters."""

    name: str
    suffix: str
    content: bytes
    encoding: str | None = None  # what the person said


def load(path: Path, encoding: str | None = None, *, argument: str = ARGUMENT) -> InputFile:
    """The file's bytes, unpacked where they are packed. BadFile where there is nothing to read."""
    if encoding is not None:
        _check_encoding(encoding)
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise NoFile("there is no such file", argument=argument, remedy="Check the path") from error
    except OSError as error:
        problem = f"it cannot be read ({error.strerror or type(error).__name__})"
        raise BadFile(problem, argument=argument, remedy="Give a file that you may read") from error
    content, name = unpacked(content, path.name, argument)
    suffixes = [each.lower() for each in PurePath(name).suffixes if each.lower() not in PACKED]
    _refuse_others(content, argument)
    if not content.strip(b" \t\r\n\0"):
        raise BadFile("the file is empty", argument=argument, remedy="Export it again")
    return InputFile(path.name, suffixes[-1] if suffixes else "", content, encoding)


def text_of(source: InputFile, argument: str = ARGUMENT) -> tuple[str, tuple[str, ...]]:
    """The text without a leading mark, and a sentence where its encoding had to be guessed."""
    content = source.content
    if source.encoding is not None:
        return _decoded(content, source.encoding, argument).removeprefix("\ufeff"), ()
    encoding = marked(content) or wide(content) or "utf-8"
    try:
        return content.decode(encoding), ()
    except UnicodeDecodeError as error:
        place, line = error.start, content.count(b"\n", 0, error.start) + 1
        if encoding != "utf-8":
            raise _not_in(encoding, content, place, line, argument) from error
        result = mended(content)
        if result is not None:
            text, n_broken = result
            sentence = (
                f"{number_of(n_broken, 'character is', 'characters are')} not UTF-8 (the "
                f"first in line {line}): read as \ufffd."
            )
            return text, (sentence,)
        if not is_western(content):
            raise _not_in(encoding, content, place, line, argument) from error
    sentence = (
        f"The file is not UTF-8 (line {line}, byte {place}): read as {GUESSED}. "
        "If letters look wrong, name its encoding with --encoding."
    )
    return content.decode(GUESSED), (sentence,)


def _not_in(encoding: str, content: bytes, place: int, line: int, argument: str) -> BadFile:
    """What it is not, and how it reads in each code page: a person sees which is right."""
    listed = ", ".join(f"'{word}' in {name}" for name, word in readings(content))
    remedy = "Name its encoding with --encoding, or save it as UTF-8"
    remedy = f"It would read {listed}. {remedy}" if listed else remedy
    problem = f"it is not {encoding.upper()} (byte {place})"
    return BadFile(problem, argument=argument, where=f"line {line}", remedy=remedy)


def _decoded(content: bytes, encoding: str, argument: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeError as error:
        place = getattr(error, "start", 0)
        problem = f"it is not {encoding} (byte {place})"
        line = content.count(b"\n", 0, place) + 1
        remedy = "Name another --encoding, or leave it out"
        raise BadFile(problem, argument=argument, where=f"line {line}", remedy=remedy) from error


def _check_encoding(name: str) -> None:
    try:
        "".encode(name)
        b"".decode(name)
    except (LookupError, ValueError) as error:  # unknown, or a transform of bytes such as zlib
        remedy = "Usual ones are utf-8, utf-16, cp1252, latin-1, shift_jis, gb18030"
        raise BadFile(f"'{name}' is no text encoding", argument="--encoding", remedy=remedy) from error


def _refuse_others(content: bytes, argument: str) -> None:
    other = next((name for mark, name in OTHERS.items() if content.startswith(mark)), None)
    remedy = "Give a table (CSV, Parquet, a workbook), JSON, or an export of Label Studio or Argilla"
    if content[:SAMPLE].lstrip().lower().startswith(WEB):
        other, remedy = (
            "a web page",
            "Perhaps the download needs a login: open it in a browser and save it again",
        )
    elif content[:SAMPLE].lstrip().startswith(b"<") and content[-SAMPLE:].rstrip().endswith(b">"):
        other = "XML or a table of HTML"
    if other is not None:
        raise BadFile(f"it is {other}, not a file of labels", argument=argument, remedy=remedy)
