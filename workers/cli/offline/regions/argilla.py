"""Spans in Argilla's records: answers to a span question, in UTF-16 units of a field that is not named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from workers.cli.offline.argilla import SUBMITTED, RecordResponse, data_of, is_argilla, responses_of
from workers.cli.offline.dataset import Columns
from workers.cli.offline.errors import BadFile
from workers.cli.offline.formats.entries import FileEntries, FileEntry
from workers.cli.offline.kinds import FileKind
from workers.cli.offline.outcome import FileIssue
from workers.cli.offline.record import LeftOut
from workers.cli.offline.regions.builder import TextSpans
from workers.cli.offline.regions.data import Region, RegionAnswer, RegionData, RegionItem, Remarks
from workers.detect.predictions.region_values import names_in, whole_offsets
from workers.label_types.spans.units import code_points

KEYS = frozenset({"start", "end", "label"})
BEYOND = "span beyond its text, or within a character (offsets count UTF-16 units)"


def span_question(entries: FileEntries, columns: Columns) -> str | None:
    """The question to judge whose answers are lists of spans; None where there is none."""
    if columns.kind not in (None, FileKind.SPANS) or not is_argilla(entries.rows):
        return None
    answered = [each for row in entries.rows for each in responses_of(row.values)]
    result = list(dict.fromkeys(each.question for each in answered if _is_spans(each.value) and each.value))
    if columns.label is not None:
        name = columns.label.removesuffix(".responses")
        return name if name in result else None
    others = {each.question for each in answered if each.value is not None and not _is_spans(each.value)}
    if not result or (columns.kind is None and others - set(result)):
        return None
    if len(result) > 1:
        names = ", ".join(f"'{name}'" for name in result)
        problem, remedy = f"several questions ask for spans: {names}", "Name one with --label-column"
        raise BadFile(problem, argument="--label-column", remedy=remedy)
    return result[0]


def read_argilla_spans(entries: FileEntries, columns: Columns, question: str) -> RegionData:
    """The spans of submitted answers, record by record, with those that were suggested."""
    field = columns.fields[0] if columns.fields else _field(entries.rows, question)
    left_out: list[LeftOut] = []
    faults: list[FileIssue] = []
    remarks = Remarks()
    items = [item for row in entries.rows for item in _items(row, question, field, left_out, faults, remarks)]
    notes = (*entries.notes, *remarks.sentences())
    return RegionData(FileKind.SPANS, tuple(items), question, (field,), tuple(left_out), tuple(faults), notes)


def _items(
    row: FileEntry,
    question: str,
    field: str,
    left_out: list[LeftOut],
    faults: list[FileIssue],
    remarks: Remarks,
) -> Iterator[RegionItem]:
    name = str(row.values.get("id") or row.values.get("_server_id") or row.place)
    place = f"record {name}" if name != row.place else row.place
    text = data_of(row.values).get(field)
    if not isinstance(text, str) or not text:
        left_out.append(LeftOut(place, f"no text in '{field}'"))
        return
    spans = TextSpans(name, place, text, left_out, faults, remarks)
    answers: list[RegionAnswer] = []
    for each in responses_of(row.values):
        if each.question != question or each.value is None:
            continue
        if not _is_spans(each.value):
            left_out.append(LeftOut(place, "answer that is no list of spans"))
            continue
        if each.status not in SUBMITTED:
            left_out.append(LeftOut(place, f"response {each.status}"))
            continue
        answers.append(RegionAnswer(each.user, tuple(_regions(spans, text, each.value, each.user))))
    if not answers:
        left_out.append(LeftOut(place, "not labelled"))
        return
    yield RegionItem(
        name, place, tuple(answers), text=text, predictions=_suggested(row, question, spans, text)
    )


def _suggested(row: FileEntry, question: str, spans: TextSpans, text: str) -> tuple[Region, ...] | None:
    held = row.values.get("suggestions")
    about = held.get(question) if isinstance(held, Mapping) else None
    value = about.get("value") if isinstance(about, Mapping) else None
    if not isinstance(about, Mapping) or not isinstance(value, list) or not _is_spans(value):
        return None
    scores = about.get("score")
    each = scores if isinstance(scores, list) and len(scores) == len(value) else [scores] * len(value)
    return tuple(
        region
        for entry, score in zip(value, each, strict=True)
        for region in _regions(spans, text, [entry], None, score if isinstance(score, float | int) else 1.0)
    )


def _regions(
    spans: TextSpans, text: str, value: Sequence[Any], who: str | None, score: float | None = None
) -> Iterator[Region]:
    for number, one in enumerate(value, start=1):
        stored = whole_offsets(one["start"], one["end"])
        placed = stored if isinstance(stored, str) else code_points(text, *stored) or BEYOND
        yield from spans.regions(placed, None, names_in(one["label"]), str(number), who, score)


def _is_spans(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, Mapping) and set(one) >= KEYS for one in value)


def _field(rows: Sequence[FileEntry], question: str) -> str:
    """The field of text in which most spans lie; of equal ones the first."""
    fitting: Counter[str] = Counter()
    for row in rows:
        ends = [one["end"] for each in _of(row, question) for one in each.value]
        for name, held in data_of(row.values).items():
            if isinstance(held, str):
                fitting[name] += sum(isinstance(end, int) and end <= 2 * len(held) for end in ends)
    if not fitting:
        raise BadFile("no record has a text", argument="--field", remedy="Name the field with the text")
    return max(fitting, key=lambda name: fitting[name])


def _of(row: FileEntry, question: str) -> list[RecordResponse]:
    return [each for each in responses_of(row.values) if each.question == question and _is_spans(each.value)]
