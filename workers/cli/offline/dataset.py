"""Labelled items of a file, in one form whatever the file was."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from connector.wording import listing, number_of, quoted
from workers.cli.offline.errors import ARGUMENT, BadFile
from workers.cli.offline.fields import choose_fields, flattened
from workers.cli.offline.kinds import FileKind
from workers.cli.offline.longest import without_longest
from workers.cli.offline.merging import merged
from workers.cli.offline.record import LeftOut, Record
from workers.cli.offline.spellings import Spellings, find_spellings
from workers.label_types.multi_label.value import classes as members

LONGEST_NUMBER = 15  # digits before a point; longer ones are names
LONGEST_FRACTION = 30  # characters
LEAST_DIFFERENT = 10  # classes below are classes, however few items there are
MOST_NUMBERS = 20  # numbers with fractions above are measurements
DATE = re.compile(r"(\d{4}[-/.]\d\d?[-/.]\d\d?|\d\d?[-/.]\d\d?[-/.](\d\d){1,2})([T ].*)?")
LIKE_NUMBERS = 0.9  # of the labels


@dataclass(frozen=True, slots=True)
class Columns:
    """What the person said of the file; what is None is found from it."""

    label: str | None = None
    id: str | None = None
    annotator: str | None = None
    fields: tuple[str, ...] = ()
    date: str | None = None
    group: str | None = None
    merge_spellings: bool = False
    no_label: tuple[str, ...] = ()  # values that stand for none
    kind: FileKind | None = None
    learning: bool = True  # whether a model is to learn from the items


@dataclass(frozen=True, slots=True)
class Dataset:
    """`label_name` is the column or control that held the labels, `fields` the keys to learn from.

    `groups[i]` names what `records[i]` belongs to, empty where nothing was named. `notes` are what a
    person must know of how the file was read.
    """

    records: tuple[Record, ...]
    classes: tuple[str, ...]
    label_name: str
    fields: tuple[str, ...]
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    spellings: Spellings = field(default_factory=Spellings)
    kind: FileKind = FileKind.CHOICE

    @property
    def field(self) -> str:
        """The fields in words."""
        return ", ".join(self.fields)


def dataset(
    records: Sequence[Record],
    label_name: str,
    columns: Columns,
    left_out: Sequence[LeftOut] = (),
    *,
    notes: Sequence[str] = (),
    others: Sequence[str] = (),
    ids_named: bool = True,
    kind: FileKind = FileKind.CHOICE,
) -> Dataset:
    """Bring items into one form, and check that there is something to judge.

    Parameters
    ----------
    records
        One for each row or task; rows of one id and content become one item with several answers.
    label_name
        The column or control that the labels come from.
    columns
        What the person said.
    left_out, notes
        What was said while reading.
    others
        Other columns or controls that could hold the label, for a message.
    ids_named
        Whether rows may be answers about one item by their id; an export's tasks never are.
    kind
        What the labels are; those of a set are keys of it.

    Raises
    ------
    BadFile
        If there is no label, one class, as many classes as items, no field to learn from, or only texts
        that are too long for it.
    """
    if not records:
        raise _no_label(label_name, left_out, others)
    flat: Sequence[Record] = [_flat(each) for each in records]
    fields = _fields(flat, columns, ids_named=ids_named)
    flat, too_long = without_longest(flat, fields) if columns.learning else (flat, [])
    left_out = [*left_out, *too_long]
    if not flat:
        raise BadFile(
            "all items are left out", argument=ARGUMENT, where=too_long[0].place, remedy=too_long[0].reason
        )
    items, notices = merged(flat, fields, explicit=columns.id, by_id=ids_named)
    by_name = kind is FileKind.CHOICE
    answers = Counter(label for each in items for _, label in each.answers) if by_name else Counter()
    spellings = find_spellings(answers)
    if columns.merge_spellings:
        items = [_respelled(each, spellings) for each in items]
    counts = Counter(each.label for each in items)
    if columns.learning:
        refuse = _refuse_no_classes if by_name else _refuse_one_label
        refuse(counts, label_name, left_out, others)
    return Dataset(
        tuple(items),
        _classes(counts, kind),
        label_name,
        fields,
        tuple(left_out),
        (*notes, *notices, *spellings.sentences(merged=columns.merge_spellings)),
        _groups(items, columns.group),
        Spellings() if columns.merge_spellings else spellings,
        kind,
    )


def _flat(record: Record) -> Record:
    data = flattened(record.data)
    return record if data is record.data else replace(record, data=data)


def _fields(records: Sequence[Record], columns: Columns, *, ids_named: bool) -> tuple[str, ...]:
    """What to learn from; without learning it only says which rows are of one item."""
    data = [each.data for each in records]
    if not columns.learning and not ids_named and not columns.fields:
        return ()
    return choose_fields(data, columns.fields)


def _classes(labels: Counter[str], kind: FileKind) -> tuple[str, ...]:
    """The classes, in order; of sets all that occur in one."""
    named = {name for label in labels for name in members(label)} if kind is FileKind.MULTI_LABEL else labels
    return tuple(sorted(named, key=_order))


def _respelled(record: Record, spellings: Spellings) -> Record:
    answers = tuple((who, spellings.usual(label)) for who, label in record.answers)
    return replace(record, label=spellings.usual(record.label), answers=answers)


def _groups(items: Sequence[Record], column: str | None) -> tuple[str, ...]:
    """What each item belongs to by the named column; one without a value is its own."""
    if column is None:
        return ()
    result = [each.data.get(column) for each in items]
    if all(value in (None, "") for value in result):
        names = ", ".join(f"'{name}'" for name in {name: None for each in items for name in each.data})
        problem = f"no item has a value in '{column}'"
        raise BadFile(problem, argument="--group-column", remedy=f"Name one of the columns: {names}")
    return tuple("" if value is None else str(value) for value in result)


def _refuse_one_label(
    counts: Counter[str], label_name: str, left_out: Sequence[LeftOut], others: Sequence[str]
) -> None:
    if len(counts) > 1:
        return
    problem = f"all {number_of(sum(counts.values()), 'label')} in '{label_name}' are '{next(iter(counts))}'"
    if left_out:
        problem += f", and {number_of(len(left_out), 'row is', 'rows are')} left out ({_reasons(left_out)})"
    remedy = f"Two or more classes are needed. Name another --label-column{_of(others)}"
    raise BadFile(problem, argument=ARGUMENT, remedy=remedy)


def _refuse_no_classes(
    counts: Counter[str], label_name: str, left_out: Sequence[LeftOut], others: Sequence[str]
) -> None:
    _refuse_one_label(counts, label_name, left_out, others)
    n_items = sum(counts.values())
    remedy = f"Name another --label-column{_of(others)}"
    numbers = [label for label in counts if _number(label) is not None]
    fractions = [label for label in numbers if not label.lstrip("+-").isdigit()]
    all_differ = 2 * len(counts) > n_items
    many = len(numbers) >= LIKE_NUMBERS * len(counts) and len(counts) > MOST_NUMBERS
    if many and (len(fractions) > 1 or all_differ):
        problem = (
            f"'{label_name}' holds numbers ({len(counts)} different ones in "
            f"{number_of(n_items, 'row')}), no classes"
        )
        numbers_too = f"Judge them as numbers with --type rating. {remedy}"
        raise BadFile(problem, argument="--label-column", remedy=numbers_too)
    if len(counts) > MOST_NUMBERS and all(DATE.fullmatch(label) for label in counts):
        problem = (
            f"'{label_name}' holds dates ({len(counts)} different ones in "
            f"{number_of(n_items, 'row')}), no classes"
        )
        raise BadFile(problem, argument="--label-column", remedy=remedy)
    if len(counts) >= LEAST_DIFFERENT and all_differ:
        problem = (
            f"'{label_name}' has {number_of(len(counts), 'different value')} in "
            f"{number_of(n_items, 'row')}: these are no classes"
        )
        raise BadFile(problem, argument="--label-column", remedy=remedy)


def _no_label(label_name: str, left_out: Sequence[LeftOut], others: Sequence[str]) -> BadFile:
    seen = f"What stands there instead: {_reasons(left_out)}" if left_out else "Export labelled items"
    problem = f"no item has a usable label in '{label_name}'"
    other = f"; or name another --label-column{_of(others)}" if others else ""
    return BadFile(problem, argument=ARGUMENT, remedy=seen + other)


def _of(others: Sequence[str]) -> str:
    return f": {listing([quoted(name) for name in others])}" if others else ""


def _reasons(left_out: Sequence[LeftOut]) -> str:
    counts = Counter(each.reason for each in left_out)
    return ", ".join(f"{reason} ({count})" for reason, count in counts.most_common(4))


def _order(label: str) -> tuple[bool, float, str]:
    """Numbers as numbers and before words."""
    number = _number(label)
    return number is None, 0.0 if number is None else number, label


def _number(label: str) -> float | None:
    too_long = len(label) > LONGEST_FRACTION or len(label.partition(".")[0]) > LONGEST_NUMBER
    if not label.isascii() or too_long or not label[-1:].isdigit():
        return None
    try:
        number = float(label)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
