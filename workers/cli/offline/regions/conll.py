"""CoNLL's columns: a token a line with its tag behind, an empty line between sentences."""

from __future__ import annotations

import re
from collections.abc import Sequence

from workers.cli.offline.formats.source import InputFile
from workers.cli.offline.kinds import FileKind
from workers.cli.offline.record import LeftOut
from workers.cli.offline.regions.data import Region, RegionAnswer, RegionData, RegionItem

TAG = re.compile(r"O|[BILUES]-\S+", re.IGNORECASE)
DOCUMENT = "-DOCSTART-"
COLUMNS = range(2, 5)
HEAD = 1 << 14  # bytes that show whether a text is in these columns
TABLES = frozenset({".csv", ".json", ".jsonl", ".ndjson"})  # endings that they never have
SAMPLE = 400  # lines that show whether it is CoNLL
MOSTLY = 0.95
LEAST_LINES = 3


def is_conll(text: str) -> bool:
    """Whether nearly all lines end in a tag, and some are no O."""
    lines = [line.split() for line in text.splitlines()[:SAMPLE] if line.strip() and not line.startswith("#")]
    if len(lines) < LEAST_LINES:
        return False
    tagged = [cells for cells in lines if len(cells) in COLUMNS and TAG.fullmatch(cells[-1])]
    return len(tagged) >= MOSTLY * len(lines) and any(cells[-1] not in "Oo" for cells in tagged)


def looks_like_conll(source: InputFile) -> bool:
    """The same of a file, by its first lines."""
    head = source.content[:HEAD]
    return source.suffix not in TABLES and b"\0" not in head and is_conll(_whole_lines(head))


def _whole_lines(head: bytes) -> str:
    return head.decode("utf-8", "replace").rsplit("\n", 1)[0]


def read_conll(text: str) -> RegionData:
    """The spans by sentence: BIO, IOB1, IOB2, IOBES and BILOU alike."""
    left_out: list[LeftOut] = []
    items: list[RegionItem] = []
    tokens: list[str] = []
    tags: list[str] = []
    begins = 0
    for number, line in enumerate((*text.splitlines(), ""), start=1):
        cells = line.split()
        if cells and cells[0] != DOCUMENT and not (line.startswith("#") and len(cells) not in COLUMNS):
            if len(cells) not in COLUMNS or not TAG.fullmatch(cells[-1]):
                left_out.append(
                    LeftOut(f"line {number}", "line without a token and a tag: its sentence is left out")
                )
                tags.append("?")
                tokens.append(cells[0])
            else:
                tokens.append(cells[0])
                tags.append(cells[-1])
            begins = begins or number
            continue
        if tokens and "?" not in tags:
            items.append(tagged_item(f"line {begins}", f"line {begins}", tokens, tags, begins))
        tokens, tags, begins = [], [], 0
    return RegionData(FileKind.SPANS, tuple(items), "tags", ("tokens",), tuple(left_out))


def tagged_item(
    name: str, place: str, tokens: Sequence[str], tags: Sequence[str], line: int | None = None
) -> RegionItem:
    """The spans of a sentence in characters of its tokens with a blank between; by their `line` if any."""
    ends: list[tuple[int, int]] = []
    at = 0
    for token in tokens:
        ends.append((at, at + len(token)))
        at += len(token) + 1
    names = [f"{n}" if line is None else f"line {line + n - 1}" for n in range(1, len(tokens) + 1)]
    regions = tuple(
        Region(label, (ends[first][0], ends[last - 1][1]), names[first])
        for first, last, label in spans_of_tags(tags)
    )
    return RegionItem(name, place, (RegionAnswer(None, regions),), text=" ".join(tokens), tokens=tuple(ends))


def spans_of_tags(tags: Sequence[str]) -> list[tuple[int, int, str]]:
    """First token, the one behind the last, and the label of each span."""
    result: list[tuple[int, int, str]] = []
    open_ = False
    for number, tag in enumerate(tags):
        mark, label = tag[0].upper(), tag[2:]
        if mark == "O":
            open_ = False
            continue
        if open_ and mark in "IEL" and result[-1][2] == label:
            result[-1] = (result[-1][0], number + 1, label)
        else:
            result.append((number, number + 1, label))
        open_ = mark not in "ELSU"
    return result
