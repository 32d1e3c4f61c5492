"""Flat rows: tables, JSON lines and lists of flat objects, whichever tool wrote them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any

from connector.wording import listing, number_of, quoted
from workers.cli.offline import columns as find
from workers.cli.offline.answer_lists import apart
from workers.cli.offline.columns import Known, cell
from workers.cli.offline.dataset import Columns, Dataset, dataset
from workers.cli.offline.dates import date_reader
from workers.cli.offline.errors import ARGUMENT, BadFile
from workers.cli.offline.fields import flattened
from workers.cli.offline.formats.entries import FileEntries, FileEntry
from workers.cli.offline.kinds import FileKind, kind_notice, kind_of_labels, read_number
from workers.cli.offline.label_sets import joints_of, read_set
from workers.cli.offline.labels import DOUBTFUL, NoClass, Reading, joined, read_label, words_for_nothing
from workers.cli.offline.marked_columns import gathered
from workers.cli.offline.record import LeftOut, Record, person
from workers.cli.offline.remembering import remembered
from workers.cli.offline.vectors import with_vectors
from workers.cli.offline.verdicts import dropped_rows

SAMPLE = 200  # rows that show what a column holds
SHOWN = 4  # keys of an object in a message


def read_rows(entries: FileEntries, columns: Columns) -> Dataset:
    """The labelled items of flat rows; rows of one id and content are answers about one item."""
    if not entries.rows:
        raise BadFile("it holds no rows", argument=ARGUMENT, remedy="Export items that have been labelled")
    marked, gathered_notes = gathered(_opened(entries.rows, columns), columns)
    known = find.choose(marked, columns)
    answered, known, apart_notes = apart(marked, known)
    rows = with_vectors(answered, known)
    dropped, unclear = dropped_rows(rows, frozenset({*known.labels, *columns.fields}))
    left_out = [LeftOut(rows[n].place, reason) for n, reason in sorted(dropped.items())]
    standing = [row for n, row in enumerate(rows) if n not in dropped] if dropped else rows
    kind, readings = _readings(standing, known, columns)
    at, undated = date_reader([cell(row.values, known.date) for row in standing], known.date)
    records: list[Record] = []
    names = dict.fromkeys(chain.from_iterable(row.values for row in rows))
    kept = [name for name in names if known.is_data(name)]
    for row, answers, problems in zip(standing, *_split(standing, readings, known), strict=True):
        left_out += problems
        if answers:
            records.append(_record(row, answers, known, at, kept))
    notes = (
        *entries.notes,
        *gathered_notes,
        *apart_notes,
        *unclear,
        *_doubtful(readings),
        *undated,
        *_people(known),
        *kind_notice(kind, columns.kind, known.label),
    )
    others = find.other_labels(rows, known, columns.fields)
    return dataset(records, known.label, columns, left_out, notes=notes, others=others, kind=kind)


def _opened(rows: Sequence[FileEntry], columns: Columns) -> Sequence[FileEntry]:
    """Objects in cells as columns of their own (meta.label), where the label is not beside them."""
    names = dict.fromkeys(chain.from_iterable(row.values for row in rows))
    has_label = find.has_label(list(names)) if columns.label is None else columns.label in names
    if has_label or not any(
        isinstance(each, Mapping) for row in rows[:SAMPLE] for each in row.values.values()
    ):
        return rows
    return [row._replace(values=flattened(row.values)) for row in rows]


def _readings(
    rows: Sequence[FileEntry], known: Known, columns: Columns
) -> tuple[FileKind, list[list[Reading]]]:
    """What each row says in each label column, seen together: joined labels, and words for nothing."""
    read = remembered(read_label)
    result = [[read(row.values.get(name)) for name in known.labels] for row in rows]
    labels = {each for each in set(chain.from_iterable(result)) if not isinstance(each, NoClass)}
    several, nothing = joined(labels), words_for_nothing(labels) | frozenset(columns.no_label)
    if several or nothing:
        result = [[_in_context(each, several, nothing) for each in row] for row in result]
    kind = columns.kind or kind_of_labels([each for row in result for each in row], known.label)
    if kind is FileKind.MULTI_LABEL:
        joints = joints_of(labels)
        return kind, _again(rows, known, result, lambda value: read_set(value, joints))
    if kind is FileKind.RATING:
        return kind, _again(rows, known, result, read_number)
    return kind, result


def _again(
    rows: Sequence[FileEntry],
    known: Known,
    result: Sequence[Sequence[Reading]],
    read: Callable[[Any], Reading],
) -> list[list[Reading]]:
    """The cells read as another kind of label; a word for nothing stays none."""
    return [
        [
            each if each is NoClass.NONE and not _is_list(value) else read(value)
            for each, value in zip(readings, map(row.values.get, known.labels), strict=True)
        ]
        for row, readings in zip(rows, result, strict=True)
    ]


def _is_list(value: Any) -> bool:
    """An empty list is an answer of a kind that may be empty; an empty cell is none."""
    return isinstance(value, list | Mapping) or (
        isinstance(value, str) and value.strip().startswith(("[", "{"))
    )


def _in_context(reading: Reading, several: frozenset[str], nothing: frozenset[str]) -> Reading:
    if reading in several:
        return NoClass.SEVERAL
    return NoClass.NONE if reading in nothing else reading


def _split(
    rows: Sequence[FileEntry], readings: Sequence[Sequence[Reading]], known: Known
) -> tuple[list[list[tuple[str | None, str]]], list[list[LeftOut]]]:
    """Each row's answers, and what of it is left out."""
    several = len(known.labels) > 1
    answers: list[list[tuple[str | None, str]]] = []
    problems: list[list[LeftOut]] = []
    who = remembered(person)
    for row, row_readings in zip(rows, readings, strict=True):
        if not several and not isinstance(row_readings[0], NoClass):  # nearly every row of nearly every file
            named = None if known.annotator is None else who(row.values.get(known.annotator))
            answers.append([(named, row_readings[0])])
            problems.append([])
            continue
        given = [
            (name if several else who(cell(row.values, known.annotator)), str(reading))
            for name, reading in zip(known.labels, row_readings, strict=True)
            if not isinstance(reading, NoClass)
        ]
        answers.append(given)
        bad = [] if given else [_left_out(row, known, row_readings[0])]
        problems.append(bad)
    return answers, problems


def _left_out(row: FileEntry, known: Known, reading: Reading) -> LeftOut:
    unusable = reading if isinstance(reading, NoClass) else NoClass.NONE
    value = cell(row.values, known.labels[0])
    word = ""
    if unusable is NoClass.NONE and isinstance(value, str) and value.strip():
        word = f": {quoted(value.strip())}"
    if unusable is NoClass.UNREADABLE and isinstance(value, Mapping):
        word = f": an object with {', '.join(quoted(str(key)) for key in list(value)[:SHOWN])}"
    return LeftOut(row.place, f"{unusable.value}{word}", unusable.status)


def _record(
    row: FileEntry,
    answers: Sequence[tuple[str | None, str]],
    known: Known,
    at: Callable[[Any], float],
    kept: Sequence[str],
) -> Record:
    who, label = answers[0]
    if len(answers) > 1:
        votes = [given for _, given in answers]
        label = max(dict.fromkeys(votes), key=votes.count)
        who = next(name for name, given in answers if given == label)
    named = cell(row.values, known.id)
    identity = row.place if named in (None, "") else str(named)
    data = {name: row.values[name] for name in kept if name in row.values}
    when = math.nan if known.date is None else at(row.values.get(known.date))
    return Record(identity, row.place, data, label, who, tuple(answers), when, (when,) * len(answers))


def _doubtful(readings: Sequence[Sequence[Reading]]) -> tuple[str, ...]:
    """Words that are classes in some files, and stand for no label in others."""
    words = {each for each in set(chain.from_iterable(readings)) if str(each).casefold() in DOUBTFUL}
    counts = Counter(each for row in readings for each in row if each in words) if words else Counter[str]()
    result = listing([f"{quoted(label)} ({count:,})" for label, count in counts.most_common()])
    option = " ".join(f"--no-label {label}" for label in counts)
    return (f"Judged as a class: {result}. If it stands for no label: {option}.",) if counts else ()


def _people(known: Known) -> tuple[str, ...]:
    if len(known.labels) < 2:
        return ()
    return (
        (
            f"Labels of {number_of(len(known.labels), 'person', 'people')} are taken from the columns "
            f"{known.label}."
        ),
    )
