"""Records as Argilla exports them: 2.x (`to_json`, `to_list`, flattened, `to_datasets`), and 1.x."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workers.cli.offline.dataset import Columns, Dataset, dataset
from workers.cli.offline.errors import BadFile
from workers.cli.offline.formats.entries import FileEntries, FileEntry
from workers.cli.offline.kinds import FileKind, is_scale, kind_notice, kind_of_labels, read_number
from workers.cli.offline.label_sets import read_set
from workers.cli.offline.labels import NoClass, Reading, read_label
from workers.cli.offline.record import LeftOut, Record, person

RESPONSES, USERS, STATUS, SUGGESTION = ".responses", ".responses.users", ".responses.status", ".suggestion"
SUBMITTED = frozenset({"submitted", "none", ""})  # of a response; older exports do not say
READERS: Mapping[FileKind, Callable[[Any], Reading]] = {
    FileKind.MULTI_LABEL: read_set,
    FileKind.RATING: read_number,
}
OWN = frozenset({"id", "status", "_server_id", "inserted_at", "updated_at", "external_id"})


@dataclass(frozen=True, slots=True)
class RecordResponse:
    """What one person answered to one question of a record."""

    question: str
    value: Any
    user: str | None
    status: str


def is_argilla(rows: Sequence[FileEntry]) -> bool:
    """Whether these are Argilla's records with responses; its older flat form is read as rows."""
    first = rows[0].values
    nested = isinstance(first.get("fields"), Mapping) and "responses" in first
    return nested or any(name.endswith(RESPONSES) for name in first)


def read_records(entries: FileEntries, columns: Columns) -> Dataset:
    """The items with submitted responses to one question. BadFile where it is not clear to which."""
    question = _question(entries.rows, columns.label)
    kind = columns.kind or _kind(entries.rows, question)
    read = READERS.get(kind, read_label)
    records: list[Record] = []
    left_out: list[LeftOut] = []
    for row in entries.rows:
        record, problems = _record(row, question, read)
        left_out += problems
        if record is not None:
            records.append(record)
    notes = (*entries.notes, *kind_notice(kind, columns.kind, question))
    return dataset(records, question, columns, left_out, notes=notes, ids_named=False, kind=kind)


def _question(rows: Sequence[FileEntry], wanted: str | None) -> str:
    readable: Counter[str] = Counter()
    for row in rows:
        for each in responses_of(row.values):
            readable[each.question] += not isinstance(read_label(each.value), NoClass)
    names = ", ".join(f"'{name}'" for name in readable) or "none"
    if wanted is not None:
        name = wanted.removesuffix(RESPONSES)
        if name in readable:
            return name
        problem = f"no record has responses to a question '{name}'"
        raise BadFile(problem, argument="--label-column", remedy=f"Name one of the questions: {names}")
    usable = [name for name, count in readable.items() if count] or list(readable)
    if len(usable) == 1:
        return usable[0]
    if not usable:
        problem, remedy = "no record has a response", "Export records that have been annotated"
    else:
        problem = f"several questions have responses: {names}"
        remedy = f"Name one, for example: --label-column {usable[0]}"
    raise BadFile(problem, argument="--label-column", remedy=remedy)


def _kind(rows: Sequence[FileEntry], question: str) -> FileKind:
    values = [each.value for row in rows for each in responses_of(row.values) if each.question == question]
    readings = [read_label(value) for value in values if value is not None]
    if is_scale(readings) and not any(isinstance(value, str) for value in values):
        return FileKind.RATING
    return kind_of_labels(readings)


def _record(
    row: FileEntry, question: str, read: Callable[[Any], Reading]
) -> tuple[Record | None, list[LeftOut]]:
    identity = str(row.values.get("id") or row.values.get("_server_id") or row.place)
    place = f"record {identity}" if identity != row.place else row.place
    answers: list[tuple[str | None, str]] = []
    problems: list[LeftOut] = []
    for each in responses_of(row.values):
        if each.question != question or each.value is None:
            continue
        reading = read(each.value)
        if each.status not in SUBMITTED:
            problems.append(
                LeftOut(
                    place,
                    f"response is a {each.status}" if each.status == "draft" else f"response {each.status}",
                )
            )
        elif isinstance(reading, NoClass):
            problems.append(LeftOut(place, reading.value, reading.status))
        else:
            answers.append((each.user, reading))
    if not answers:
        return None, problems or [LeftOut(place, "not labelled")]
    votes = [label for _, label in answers]
    label = max(dict.fromkeys(votes), key=votes.count)
    who = next(user for user, given in answers if given == label)
    return Record(identity, place, data_of(row.values), label, who, tuple(answers)), problems


def responses_of(values: Mapping[str, Any]) -> Iterator[RecordResponse]:
    """All answers in a record, in any of the forms."""
    result = values.get("responses")
    if isinstance(result, Mapping):  # {"topic": [{"value", "user_id", "status"}]}
        for question, each in result.items():
            for response in each if isinstance(each, list) else [each]:
                if isinstance(response, Mapping):
                    yield _response(str(question), response.get("value"), response)
    elif isinstance(result, list):  # [{"values": {"topic": {"value"}}, "user_id", "status"}], of 1.x
        for response in result:
            inner = response.get("values") if isinstance(response, Mapping) else None
            for question, each in inner.items() if isinstance(inner, Mapping) else ():
                value = each.get("value") if isinstance(each, Mapping) else each
                yield _response(str(question), value, response)
    yield from _flat_responses(values)


def _response(question: str, value: Any, about: Mapping[str, Any]) -> RecordResponse:
    return RecordResponse(
        question, value, person(about.get("user_id")), str(about.get("status") or "").lower()
    )


def _flat_responses(values: Mapping[str, Any]) -> Iterator[RecordResponse]:
    for name, each in values.items():
        if not name.endswith(RESPONSES) or not isinstance(each, list):
            continue
        question = name.removesuffix(RESPONSES)
        users, states = values.get(question + USERS), values.get(question + STATUS)
        for n, value in enumerate(each):
            yield RecordResponse(question, value, person(_at(users, n)), str(_at(states, n) or "").lower())


def _at(values: Any, n: int) -> Any:
    return values[n] if isinstance(values, list) and n < len(values) else None


def data_of(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields of a record, and its metadata."""
    fields = values.get("fields")
    if isinstance(fields, Mapping):
        metadata = values.get("metadata")
        inner = (
            {f"metadata.{key}": each for key, each in metadata.items()}
            if isinstance(metadata, Mapping)
            else {}
        )
        return {**fields, **inner}
    return {
        name: each
        for name, each in values.items()
        if name not in OWN and RESPONSES not in name and SUGGESTION not in name
    }
