"""The text of a file, or what keeps it from being one."""

from __future__ import annotations

import codecs
import json
from pathlib import Path
from typing import Any

from workers.cli.offline.errors import BadFile

HALF_CHARACTER = "\\ud"  # how JSON spells one, and most characters beyond the first plane
WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_text(path: Path, argument: str) -> str:
    """The file as UTF-8, a leading mark left out. BadFile where it is not there, not text, or empty."""
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise BadFile("there is no such file", argument=argument, remedy="Check the path") from error
    except OSError as error:
        problem = f"it cannot be read ({error.strerror or type(error).__name__})"
        raise BadFile(problem, argument=argument, remedy="Give a file that you may read") from error
    if not content.strip():
        raise BadFile("the file is empty", argument=argument, remedy="Export it again")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        kind = "UTF-16" if content.startswith(WIDE_MARKS) else "not UTF-8"
        problem = f"the encoding is {kind} (byte {error.start})"
        raise BadFile(problem, argument=argument, where=f"line {line}", remedy="Save it as UTF-8") from error


def parse_json(text: str, argument: str, *, first_line: int = 1) -> Any:
    """The JSON value; BadFile with the line where it breaks off or goes wrong."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        cut = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string")
        problem = "the JSON breaks off" if cut else f"this is not JSON ({error.msg}, column {error.colno})"
        where = f"line {first_line + error.lineno - 1}"
        remedy = "The file is probably cut short: export it again" if cut else "Export it again, or mend it"
        raise BadFile(problem, argument=argument, where=where, remedy=remedy) from error
    except (RecursionError, ValueError) as error:  # nested without end, or a number of thousands of digits
        problem = f"this JSON cannot be read ({type(error).__name__})"
        raise BadFile(problem, argument=argument, remedy="Export it again") from error
    return _encodable(value) if HALF_CHARACTER in text.lower() else value


def _encodable(value: Any) -> Any:
    """Halves of a character, which JSON can spell and no file can hold, become question marks."""
    return json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
