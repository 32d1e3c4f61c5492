"""A file's bytes, unpacked, and its text in the encoding that it is in."""

from __future__ import annotations

import bz2
import codecs
import gzip
import lzma
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from workers.cli.offline.errors import ARGUMENT, BadFile

PACKINGS: dict[bytes, tuple[str, Callable[[bytes], bytes]]] = {
    b"\x1f\x8b": ("gzip", gzip.decompress),
    b"BZh": ("bzip2", bz2.decompress),
    b"\xfd7zXZ\0": ("xz", lzma.decompress),
}
PACKED = (".gz", ".bz2", ".xz")
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
}
WEB = (b"<!doctype html", b"<html")  # what a server sends in place of a file
MARKS = (  # the longer ones first: UTF-32's begins as UTF-16's does
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
GUESSED = "cp1252"  # Windows' western code page; the printable part of latin-1 is the same
UNUSED = frozenset(b"\x81\x8d\x8f\x90\x9d")  # cp1252 has no characters there
SAMPLE = 4096  # bytes that show whether every second one is zero
MOSTLY = 0.3  # of the sample
MOST_BROKEN = 0.1  # of the characters beyond ASCII: a text with as many that are not UTF-8 is in another code


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file that was read. `suffix` is its ending without .gz, in small letters."""

    name: str
    suffix: str
    content: bytes
    encoding: str | None = None  # what the person said


def load(path: Path, encoding: str | None = None, *, argument: str = ARGUMENT) -> InputFile:
    """The file's bytes, unpacked where they are gzip. BadFile where there is nothing to read."""
    if encoding is not None:
        _check_encoding(encoding)
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise BadFile("there is no such file", argument=argument, remedy="Check the path") from error
    except OSError as error:
        problem = f"it cannot be read ({error.strerror or type(error).__name__})"
        raise BadFile(problem, argument=argument, remedy="Give a file that you may read") from error
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() not in PACKED]
    packing = next((packing for mark, packing in PACKINGS.items() if content.startswith(mark)), None)
    if packing is not None:
        content = _unpacked(content, *packing, argument)
    _refuse_others(content, argument)
    if not content.strip(b" \t\r\n\0"):
        raise BadFile("the file is empty", argument=argument, remedy="Export it again")
    return InputFile(path.name, suffixes[-1] if suffixes else "", content, encoding)


def text_of(source: InputFile, argument: str = ARGUMENT) -> tuple[str, tuple[str, ...]]:
    """The text without a leading mark, and a sentence where its encoding had to be guessed."""
    content = source.content
    if source.encoding is not None:
        return _decoded(content, source.encoding, argument).removeprefix("\ufeff"), ()
    marked = next((name for mark, name in MARKS if content.startswith(mark)), None)
    encoding = marked or _wide(content) or "utf-8"
    try:
        return content.decode(encoding), ()
    except UnicodeDecodeError as error:
        place, line = error.start, content.count(b"\n", 0, error.start) + 1
        mended = _mended(content) if encoding == "utf-8" else None
        if mended is not None:
            text, n_broken = mended
            said = f"{n_broken:,} characters are not UTF-8 (the first in line {line}): read as \ufffd."
            return text, (said,)
        if encoding != "utf-8" or UNUSED & set(content) or 0 in content:
            remedy = "Name its encoding with --encoding, or save it as UTF-8"
            problem = f"it is not {encoding.upper()} (byte {place})"
            raise BadFile(problem, argument=argument, where=f"line {line}", remedy=remedy) from error
    said = (
        f"The file is not UTF-8 (line {line}, byte {place}): read as {GUESSED}. "
        "If letters look wrong, name its encoding with --encoding."
    )
    return content.decode(GUESSED), (said,)


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


def _wide(content: bytes) -> str | None:
    """UTF-16 without a mark: every second byte of western text is zero."""
    sample = content[:SAMPLE]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) < MOSTLY * len(sample) / 2 or min(even, odd) > 0:
        return None
    return "utf-16-le" if odd else "utf-16-be"


def _mended(content: bytes) -> tuple[str, int] | None:
    """UTF-8 with a few characters broken, and how many; None where it is not mostly UTF-8."""
    text = content.decode("utf-8", "replace")
    n_broken = text.count("\ufffd")
    n_beyond = len(text) - len(text.encode("ascii", "ignore"))
    return (text, n_broken) if n_broken <= MOST_BROKEN * n_beyond else None


def _refuse_others(content: bytes, argument: str) -> None:
    other = next((name for mark, name in OTHERS.items() if content.startswith(mark)), None)
    remedy = "Give a table (CSV, Parquet, a workbook), JSON, or an export of Label Studio or Argilla"
    if content[:SAMPLE].lstrip().lower().startswith(WEB):
        other, remedy = (
            "a web page",
            "Perhaps the download needs a login: open it in a browser and save it again",
        )
    if other is not None:
        raise BadFile(f"it is {other}, not a file of labels", argument=argument, remedy=remedy)


def _unpacked(content: bytes, name: str, unpack: Callable[[bytes], bytes], argument: str) -> bytes:
    try:
        return unpack(content)
    except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
        problem = f"its {name} packing is damaged ({error})"
        raise BadFile(problem, argument=argument, remedy="Pack or download it again") from error
