"""Rows with a text and its spans: doccano, Prodigy, spaCy-like JSON lines, and JSON-MIN."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from workers.cli.offline.columns import ANNOTATORS, DATES, IDS, Known, other_labels
from workers.cli.offline.dataset import Columns
from workers.cli.offline.errors import BadFile
from workers.cli.offline.formats.entries import FileEntries, FileEntry
from workers.cli.offline.kinds import FileKind
from workers.cli.offline.outcome import FileIssue
from workers.cli.offline.record import LeftOut, person
from workers.cli.offline.regions.builder import TextSpans
from workers.cli.offline.regions.data import Region, RegionAnswer, RegionData, RegionItem, Remarks
from workers.cli.offline.verdicts import dropped_rows
from workers.detect.predictions.region_values import labels_of, names_in, whole_offsets

SPAN_COLUMNS = ("spans", "entities", "label", "labels", "ents", "annotations", "ner")
TEXT_COLUMNS = ("text", "data", "sentence", "content")
STARTS, ENDS = ("start", "start_offset", "begin"), ("end", "end_offset", "stop")
SAMPLE = 50  # rows that show whether a column holds spans


def span_column(entries: FileEntries, columns: Columns) -> str | None:
    """The column whose cells are lists of spans in a text; None where there is none."""
    if columns.kind not in (None, FileKind.SPANS):
        return None
    names = (columns.label,) if columns.label is not None else SPAN_COLUMNS
    for name in names:
        held = [_listed(row.values.get(name)) for row in entries.rows[:SAMPLE]]
        some = [one for one in held if one]
        if (
            some
            and all(one is not None for one in held)
            and all(map(_span_of, (one[0] for one in some if one)))
        ):
            return name
    return None


def read_span_rows(entries: FileEntries, columns: Columns, name: str) -> RegionData:
    """The spans by text; rows of one id and text are answers of several people."""
    field = _text_column(entries.rows, columns)
    dropped, unclear = dropped_rows(entries.rows, frozenset({name, field}))
    left_out = [LeftOut(entries.rows[n].place, reason) for n, reason in sorted(dropped.items())]
    faults: list[FileIssue] = []
    remarks = Remarks()
    answers: dict[tuple[str, str], list[RegionAnswer]] = defaultdict(list)
    places: dict[tuple[str, str], str] = {}
    for n, row in enumerate(entries.rows):
        text = row.values.get(field)
        if n in dropped:
            continue
        if not isinstance(text, str) or not text:
            left_out.append(LeftOut(row.place, f"no text in '{field}'"))
            continue
        held = _listed(row.values.get(name))
        if held is None:
            left_out.append(LeftOut(row.place, f"'{name}' is no list of spans"))
            continue
        key = id_of(row, columns), text
        places.setdefault(key, row.place)
        who = annotator_of(row, columns)
        spans = TextSpans(key[0], row.place, text, left_out, faults, remarks)
        regions = [
            each for number, one in enumerate(held, start=1) for each in _regions(one, spans, number, who)
        ]
        answers[key].append(RegionAnswer(who, tuple(regions)))
        _look_at_relations(row, held, remarks)
    items = tuple(
        RegionItem(key[0], places[key], tuple(given), text=key[1]) for key, given in answers.items()
    )
    notes = (*entries.notes, *unclear, *remarks.sentences(), *_other_labels(entries, columns, name, field))
    return RegionData(FileKind.SPANS, items, name, (field,), tuple(left_out), tuple(faults), notes)


def _other_labels(entries: FileEntries, columns: Columns, name: str, field: str) -> tuple[str, ...]:
    """A sentence where other columns hold labels of the whole text, and nobody said which is meant."""
    if columns.label is not None or columns.kind is not None:
        return ()
    others = other_labels(entries.rows, Known((name,), None, None, None), {field, *IDS, *ANNOTATORS, *DATES})
    listed = ", ".join(f"'{other}'" for other in others)
    return (
        (f"Spans in '{name}' are judged; {listed} may hold labels too: name one with --label-column.",)
        if others
        else ()
    )


def _text_column(rows: Sequence[FileEntry], columns: Columns) -> str:
    wanted = columns.fields[:1] or TEXT_COLUMNS
    for name in wanted:
        if any(isinstance(row.values.get(name), str) for row in rows[:SAMPLE]):
            return name
    names = ", ".join(f"'{name}'" for name in rows[0].values)
    raise BadFile(
        f"no row has a text in {' or '.join(f'{one!r}' for one in wanted)}",
        argument="--field",
        remedy=f"Name the column with the text: {names}",
    )


def _listed(value: Any) -> list[Any] | None:
    """The list of a cell, also where it is written out as JSON; an empty cell is an empty list."""
    if isinstance(value, str) and value.strip().startswith("["):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    if isinstance(value, Mapping) and isinstance(value.get("entities"), list):  # spaCy's training form
        value = value["entities"]
    if value in (None, ""):
        return []
    return value if isinstance(value, list) else None


def _span_of(value: Any) -> tuple[Any, Any, list[str], Mapping[str, Any]] | None:
    """Start, end, labels and the rest of a span in any of the forms; None for what is no span."""
    if isinstance(value, list) and len(value) >= 2 and not isinstance(value[0], str | list | dict):
        return value[0], value[1], names_in(value[2]) if len(value) > 2 else [], {}
    if not isinstance(value, Mapping):
        return None
    start = next((value[key] for key in STARTS if key in value), None)
    end = next((value[key] for key in ENDS if key in value), None)
    if start is None or end is None:
        return None
    return start, end, labels_of(value), value


def _regions(one: Any, spans: TextSpans, number: int, who: str | None) -> Iterator[Region]:
    span = _span_of(one)
    if span is None:
        yield from spans.regions("span without start and end", None, ["?"], str(number), who)
        return
    start, end, labels, rest = span
    marked = rest.get("text")
    name = str(rest["id"]) if rest.get("id") is not None else str(number)
    yield from spans.regions(
        whole_offsets(start, end), marked if isinstance(marked, str) and marked else None, labels, name, who
    )


def _look_at_relations(row: FileEntry, held: Sequence[Any], remarks: Remarks) -> None:
    """doccano's relations name spans by their ids; ids and relations are counted, not judged."""
    ids = [one["id"] for one in held if isinstance(one, Mapping) and one.get("id") is not None]
    if len(set(map(str, ids))) < len(ids):
        remarks.add("span whose id another of its text has", row.place, len(ids) - len(set(map(str, ids))))
    for one in row.values.get("relations") or ():
        if (
            isinstance(one, Mapping)
            and "from_id" in one
            and not {str(one["from_id"]), str(one.get("to_id"))} <= set(map(str, ids))
        ):
            remarks.add("relation with a span that is not there", row.place)


def id_of(row: FileEntry, columns: Columns) -> str:
    """What a row is called: its id, else its place."""
    names = (columns.id,) if columns.id is not None else (*IDS, "doc_id")
    result = next((row.values[name] for name in names if row.values.get(name) not in (None, "")), None)
    return row.place if result is None else str(result)


def annotator_of(row: FileEntry, columns: Columns) -> str | None:
    """Who marked what a row holds, where it says so."""
    names = (columns.annotator,) if columns.annotator is not None else ANNOTATORS
    return next((who for name in names if (who := person(row.values.get(name))) is not None), None)
