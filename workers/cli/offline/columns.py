"""Which columns of flat rows hold the label, the id, the annotator and the date."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workers.cli.offline.dataset import Columns
from workers.cli.offline.errors import BadFile
from workers.cli.offline.formats.entries import FileEntry
from workers.cli.offline.invisible import visible
from workers.cli.offline.labels import NoClass, read_label

SURE = ("label", "labels")
USUAL = (
    "category", "class", "choice", "choices", "intent", "sentiment", "topic", "target", "annotation",
    "gold_label", "label_text", "rating", "stars", "accept", "cats", "classes", "annotations",
    "classifications", "class_name", "display_name", "label_name", "completion",
)  # fmt: skip
ENDING = re.compile(
    r"(?!.*(pred|model|suggest|machine|auto|old|prev|prior))"
    r".+[ ._-](label|category|class|intent|sentiment|topic)",
    re.IGNORECASE,
)  # "Final Label", where no column has a usual name
IDS = ("id", "task_id", "item_id", "uid")
ANNOTATORS = (
    "annotator", "annotator_id", "completed_by", "worker", "worker_id", "rater", "annotation_agent",
    "annotated_by", "labeled_by", "_annotator_id", "_session_id",
)  # fmt: skip
DATES = ("updated_at", "created_at", "annotated_at", "labeled_at", "timestamp", "date", "_timestamp")
PERSON = re.compile(
    r"(annotator|rater|worker|coder|labell?er|judge|reviewer|expert)s?[ _-]?(\d+|[a-z])", re.IGNORECASE
)
# What stands beside the item's own fields in flat exports; and an index without a name.
NO_DATA = frozenset({
    "", "annotation_id", "created_at", "updated_at", "lead_time", "prediction", "prediction_agent",
    "annotation_agent", "multi_label", "metrics", "vectors", "explanation", "comments", "options", "tokens",
    "spans", "answer",
})  # fmt: skip
UNNAMED = re.compile(r"Unnamed: \d+(_level_\d+)?|_.*")  # pandas' index; Prodigy's and Argilla's own keys
NAMED = 12  # columns listed in a message
SAMPLE = 1000  # rows that show how many different values a column has
MOST_CLASSES = 50
LEAST_REPEATS = 2  # rows for each class


@dataclass(frozen=True, slots=True)
class Known:
    """The columns that are about the item, in place of being what it is. `label` has several for people."""

    labels: tuple[str, ...]
    id: str | None
    annotator: str | None
    date: str | None

    @property
    def label(self) -> str:
        """The label's column; of several people's, their names."""
        return ", ".join(self.labels)

    def is_data(self, name: str) -> bool:
        """Whether a column is part of what the item is."""
        about = {*self.labels, self.id, self.annotator, self.date}
        return name not in about and name.lower() not in NO_DATA and not UNNAMED.fullmatch(name)


def choose(rows: Sequence[FileEntry], columns: Columns) -> Known:
    """The columns that were named, or have usual names. BadFile where the label's is not clear."""
    names = list({name: None for row in rows for name in row.values})
    labels = _labels(rows, names, columns)
    return Known(
        labels,
        _column("--id-column", columns.id, IDS, names),
        _column("--annotator-column", columns.annotator, ANNOTATORS, names),
        _column("--date-column", columns.date, DATES, names),
    )


def other_labels(rows: Sequence[FileEntry], known: Known, taken: Collection[str]) -> list[str]:
    """Other columns that hold a few values again and again, as labels do."""
    names = list({name: None for row in rows for name in row.values})
    return [name for name in names if known.is_data(name) and name not in taken and _repeats(rows, name)]


def has_label(names: Sequence[str]) -> bool:
    """Whether a column has a name that labels usually have, or one of a person."""
    by_name = by_usual_name(names)
    return any(_key(name) in by_name for name in (*SURE, *USUAL)) or any(map(PERSON.fullmatch, names))


def may_hold_label(rows: Sequence[FileEntry], names: Sequence[str]) -> bool:
    """Whether one of these columns holds a few values again and again, and no ids, people or dates."""
    beside = {_key(name) for name in (*IDS, *ANNOTATORS, *DATES, *NO_DATA)}
    return any(_key(name) not in beside and _repeats(rows, name) for name in names)


def by_usual_name(names: Sequence[str]) -> dict[str, str]:
    """The columns by their names without case and spaces; "Answer.label" by its last part too."""
    plain = {_key(name): name for name in reversed(names)}
    return {_key(name.rpartition(".")[2]): name for name in reversed(names)} | plain


def _key(name: str) -> str:
    return re.sub(r"[\s_-]+", "", visible(name).strip("'\"").lower())


def _labels(rows: Sequence[FileEntry], names: Sequence[str], columns: Columns) -> tuple[str, ...]:
    if columns.label is not None:
        return (_named("--label-column", columns.label, names),)
    by_name = by_usual_name(names)
    sure = next((by_name[_key(name)] for name in SURE if _key(name) in by_name), None)
    if sure is not None:
        return (sure,)
    possible = list({by_name[_key(name)]: None for name in USUAL if _key(name) in by_name})
    possible = possible or [name for name in names if ENDING.fullmatch(visible(name))]
    holding = [name for name in possible if _repeats(rows, name)] or possible
    if len(holding) == 1:
        return (holding[0],)
    if len(holding) > 1:
        listed = ", ".join(f"'{name}'" for name in holding)
        remedy = f"Name one, for example: --label-column {holding[0]}"
        raise BadFile(
            f"several columns could hold the label: {listed}", argument="--label-column", remedy=remedy
        )
    people = tuple(name for name in names if PERSON.fullmatch(visible(name)) and _repeats(rows, name))
    if len(people) > 1:
        return people
    why = _no_table(rows, names) or _wide(rows, names)
    raise unknown("--label-column", f"it is not clear which column holds the label{why}", names)


def _no_table(rows: Sequence[FileEntry], names: Sequence[str]) -> str:
    """What is wrong where the first line is no header, or divides nothing."""
    if len(names) == 1:
        return " (there is one column; in a table, a comma, semicolon, tab, | or ^ divides cells)"
    if any(name and sum(row.values.get(name) == name for row in rows[:SAMPLE]) > 1 for name in names):
        return " (the first row is an item: put one with the columns' names before it, such as text,label)"
    return ""


def _wide(rows: Sequence[FileEntry], names: Sequence[str]) -> str:
    """What to do where several columns hold the same classes, as those of several people do."""
    classes = {
        name: frozenset(str(row.values.get(name)) for row in rows[:SAMPLE])
        for name in names
        if _repeats(rows, name)
    }
    alike = [name for name in classes if sum(classes[name] == other for other in classes.values()) > 1]
    if not alike:
        return ""
    listed = ", ".join(f"'{name}'" for name in alike[:NAMED])
    return (
        f" ({listed} hold the same classes: where these are people's labels of one item, name the columns "
        "annotator_1, annotator_2, …, or give one row for each label with the columns id, annotator, label)"
    )


def _repeats(rows: Sequence[FileEntry], name: str) -> bool:
    """Whether a column holds classes: few, plain, each again and again."""
    readings = [read_label(row.values.get(name)) for row in rows[:SAMPLE]]
    result = [reading for reading in readings if not isinstance(reading, NoClass)]
    n_different = len(set(result))
    return 2 <= n_different <= MOST_CLASSES and len(result) >= LEAST_REPEATS * n_different


def _column(option: str, wanted: str | None, usual: Sequence[str], names: Sequence[str]) -> str | None:
    if wanted is not None:
        return _named(option, wanted, names)
    by_name = {_key(name): name for name in reversed(names)}
    return next((by_name[_key(name)] for name in usual if _key(name) in by_name), None)


def _named(option: str, wanted: str, names: Sequence[str]) -> str:
    if wanted in names:
        return wanted
    alike = next((name for name in names if visible(name) == visible(wanted)), None)
    if alike is None:
        raise unknown(option, f"there is no column '{wanted}'", names)
    return alike


def unknown(option: str, problem: str, names: Sequence[str]) -> BadFile:
    """A column that is not there, or not clear, with those that are there."""
    listed = ", ".join(f"'{name}'" for name in names[:NAMED] if name) or "none"
    more = f", and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return BadFile(problem, argument=option, remedy=f"Name one of the columns: {listed}{more}")


def cell(values: Mapping[str, Any], name: str | None) -> Any:
    """A row's value, None where no column was chosen."""
    return None if name is None else values.get(name)
