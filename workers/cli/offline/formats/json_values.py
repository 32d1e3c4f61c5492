"""JSON however it is wrapped: a list, objects one after another or one a line, an object around them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from connector.wording import number_of
from workers.cli.offline.errors import ARGUMENT, BadFile
from workers.cli.offline.formats.entries import FileEntries, FileEntry
from workers.cli.offline.formats.source import InputFile, text_of
from workers.cli.offline.formats.wrapping import pair_of, unwrapped

HALF_CHARACTER = "\\ud"  # how JSON spells one, and most characters beyond the first plane
SHOWN = 5  # places in a note
PAGES = ("tasks", "results", "items", "records", "rows")  # keys of the list in an answer of an API
PYTHON = "property name enclosed in double quotes"  # what the parser misses in text that Python printed
BLANK = " \t\r\n"
BETWEEN = BLANK + ",\x1e"  # between values one after another; \x1e of JSON text sequences

Placed = tuple[str, Any]


def read(source: InputFile) -> FileEntries:
    """The objects of a JSON file. BadFile with the line where it breaks off, or holds no objects."""
    text, notes = text_of(source)
    values = list(_values(text))
    if len(values) == 1 and isinstance(values[0][1], str) and values[0][1].lstrip()[:1] in ("[", "{"):
        values = list(_values(values[0][1]))  # JSON that was written as JSON once more
    if values and all(isinstance(value, list) for _, value in values):
        pairs = [(place, pair_of(value)) for place, value in values]
        values = _under_header(values) if any(pair is None for _, pair in pairs) else pairs
    values = list(_pages(values))
    if len(values) == 1 and isinstance(values[0][1], dict):
        inner, notice = unwrapped(values[0][1])
        values = [(f"entry {n}", value) for n, value in enumerate(inner, start=1)]
        notes = (*notes, *notice)
    if not values:
        raise BadFile("it holds no items", argument=ARGUMENT, remedy="Export items that have been labelled")
    objects = [(place, value) for place, value in values if isinstance(value, dict)]
    strange = [(place, value) for place, value in values if not isinstance(value, dict)]
    if len(strange) > len(objects):
        raise _no_object(*strange[0])
    if strange:
        places = ", ".join(place for place, _ in strange[:SHOWN]) + (", …" if len(strange) > SHOWN else "")
        entries = number_of(len(strange), "entry is no object", "entries are no objects")
        notes = (*notes, f"{entries}: left out ({places}).")
    return FileEntries(tuple(FileEntry(place, value) for place, value in objects), notes)


def _under_header(values: list[Placed]) -> list[Placed]:
    """Lists of one length under a list of names, as a table's rows; what they are not is left as it is."""
    names = values[0][1]
    is_table = (
        len(names) > 1 and all(isinstance(name, str) for name in names) and len(set(names)) == len(names)
    )
    if not is_table or any(len(row) != len(names) for _, row in values):
        return values
    return [(place, dict(zip(names, row, strict=True))) for place, row in values[1:]]


def _pages(values: list[Placed]) -> Iterator[Placed]:
    """The items of an API's pages that stand one after another; other values as they are."""
    key = next(
        (key for key in PAGES if len(values) > 1 and all(_is_page(value, key) for _, value in values)), None
    )
    if key is None:
        yield from values
        return
    n = 0
    for _, page in values:
        for item in page[key]:
            n += 1
            yield f"entry {n}", item


def _is_page(value: Any, key: str) -> bool:
    items = value.get(key) if isinstance(value, dict) else None
    return isinstance(items, list) and all(isinstance(each, dict) for each in items)


def parse_json(text: str, argument: str) -> Any:
    """The one JSON value of a text; BadFile with the line where it breaks off or goes wrong."""
    value, end = _decoded(text, _skipped(text, 0, BLANK), argument)
    if text[end:].strip(BLANK):
        raise _bad(json.JSONDecodeError("Extra data", text, end), argument)
    return value


def _values(text: str) -> Iterator[Placed]:
    """Each value with its line, or its number where a line holds several."""
    start = _skipped(text, 0, BETWEEN)
    if text.startswith("[", start):
        yield from _placed(_elements(text, start + 1), text)
    else:
        yield from _placed(_sequence(text, start), text)


def _placed(result: Iterator[tuple[int, Any]], text: str) -> Iterator[Placed]:
    values = list(result)
    lines: list[int] = []
    line, last = 1, 0
    for position, _ in values:
        line, last = line + text.count("\n", last, position), position
        lines.append(line)
    distinct = len(set(lines)) == len(lines) and len(lines) > 1
    for n, (line, (_, value)) in enumerate(zip(lines, values, strict=True), start=1):
        yield f"line {line}" if distinct else f"entry {n}", value


def _elements(text: str, start: int) -> Iterator[tuple[int, Any]]:
    """The elements of the list that begins before `start`."""
    position = _skipped(text, start, BLANK)
    if text.startswith("]", position):
        position += 1
    else:
        while True:
            value, end = _decoded(text, position, ARGUMENT)
            yield position, value
            end = _skipped(text, end, BLANK)
            if text.startswith("]", end):
                position = end + 1
                break
            if not text.startswith(",", end):
                raise _bad(json.JSONDecodeError("Expecting ',' delimiter", text, end), ARGUMENT)
            position = _skipped(text, end + 1, BLANK)
    rest = _skipped(text, position, BETWEEN)
    if text.startswith("[", rest):  # lists one after another: exports that were joined
        yield from _elements(text, rest + 1)
    elif rest < len(text):
        raise _bad(json.JSONDecodeError("Extra data", text, rest), ARGUMENT)


def _sequence(text: str, position: int) -> Iterator[tuple[int, Any]]:
    """Values one after another, on lines of their own or not."""
    while position < len(text):
        value, end = _decoded(text, position, ARGUMENT)
        yield position, value
        position = _skipped(text, end, BETWEEN)


def _skipped(text: str, position: int, what: str) -> int:
    while position < len(text) and text[position] in what:
        position += 1
    return position


_DECODER = json.JSONDecoder()


def _decoded(text: str, position: int, argument: str) -> tuple[Any, int]:
    try:
        value, end = _DECODER.raw_decode(text, position)
    except json.JSONDecodeError as error:
        raise _bad(error, argument) from error
    except (RecursionError, ValueError) as error:  # nested without end, or a number of thousands of digits
        problem = f"this JSON cannot be read ({type(error).__name__})"
        raise BadFile(problem, argument=argument, remedy="Export it again") from error
    spelled_in_halves = text.find(HALF_CHARACTER, position, end) >= 0 or text.find("\\uD", position, end) >= 0
    return _encodable(value) if spelled_in_halves else value, end


def _encodable(value: Any) -> Any:
    """Halves of a character, which JSON can spell and no file can hold, become question marks."""
    return json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))


def _bad(error: json.JSONDecodeError, argument: str) -> BadFile:
    cut = error.pos >= len(error.doc.rstrip()) or error.msg.startswith("Unterminated string")
    problem = "the JSON breaks off" if cut else f"this is not JSON ({error.msg}, column {error.colno})"
    remedy = "The file is probably cut short: export it again" if cut else "Export it again, or mend it"
    if PYTHON in error.msg and error.doc[error.pos : error.pos + 1] == "'":
        remedy = "It is written as Python prints it: write it with json.dump"
    return BadFile(problem, argument=argument, where=f"line {error.lineno}", remedy=remedy)


def _no_object(place: str, value: Any) -> BadFile:
    problem = f"it is {type(value).__name__}, not an object"
    remedy = "Give one object with a label and a field to learn from per item"
    return BadFile(problem, argument=ARGUMENT, where=place, remedy=remedy)
