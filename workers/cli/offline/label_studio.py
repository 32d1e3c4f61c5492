"""Tasks as Label Studio exports them (JSON), without its server or its labelling config."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from connector.model.carried import GivenLabel, carried
from workers.cli.offline.dataset import ARGUMENT, Columns, Dataset, LeftOut, Record, dataset
from workers.cli.offline.dates import moment
from workers.cli.offline.errors import BadFile

EPOCH = datetime.fromtimestamp(0, tz=UTC)
CHOICES = "choices"

Raw = Mapping[str, Any]


def is_export(rows: Sequence[Any]) -> bool:
    """Whether these are tasks with their annotations, rather than flat rows."""
    first = rows[0]
    return isinstance(first, dict) and isinstance(first.get("data"), dict)


def read_tasks(tasks: Sequence[Any], columns: Columns) -> Dataset:
    """The items that carry a label in one Choices control. BadFile where no control can be told."""
    for n, task in enumerate(tasks):
        if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
            remedy = "Export as JSON; each task has id, data and annotations"
            raise BadFile("it is not a task with data", argument=ARGUMENT, where=f"task {n}", remedy=remedy)
    control = _control(tasks, columns.label)
    records: list[Record] = []
    left_out: list[LeftOut] = []
    for n, task in enumerate(tasks):
        record, problems = _record(task, n, control)
        left_out += problems
        if record is not None:
            records.append(record)
    return dataset(records, control, columns.field, left_out)


def _control(tasks: Sequence[Raw], wanted: str | None) -> str:
    """The Choices control that results name; the person's choice where there are several."""
    seen = Counter(
        str(region.get("from_name"))
        for task in tasks
        for annotation in dicts(task.get("annotations"))
        for region in dicts(annotation.get("result"))
        if region.get("type") == CHOICES
    )
    names = ", ".join(seen) or "none"
    if wanted is not None and wanted not in seen:
        problem = f"no annotation has choices of a control '{wanted}'"
        raise BadFile(problem, argument="--label-column", remedy=f"Name one of the controls: {names}")
    if wanted is None and len(seen) > 1:
        problem = f"several controls hold choices: {names}"
        raise BadFile(problem, argument=ARGUMENT, remedy="Name the one to judge with --label-column")
    if not seen:
        remedy = "Export a project with a Choices control, annotations included (JSON, not JSON-MIN)"
        raise BadFile("no annotation holds a choice", argument=ARGUMENT, remedy=remedy)
    return wanted or next(iter(seen))


def _record(task: Raw, n: int, control: str) -> tuple[Record | None, list[LeftOut]]:
    identity = task.get("id", n)
    place = f"task {identity}"
    answers: list[GivenLabel] = []
    problems: list[LeftOut] = []
    for number, annotation in enumerate(dicts(task.get("annotations"))):
        label, problem = _label(annotation, control)
        if label is None:
            problems.append(LeftOut(place, problem))
        else:
            answers.append(_answer(annotation, number, label))
    if not answers:
        return None, problems or [LeftOut(place, "not labelled")]
    chosen = carried(answers)
    return Record(
        str(identity),
        place,
        task["data"],
        chosen.label,
        chosen.annotator,
        answers=tuple((one.annotator, one.label) for one in answers),
        at=_seconds(chosen),
        times=tuple(_seconds(one) for one in answers),
    ), problems


def _label(annotation: Raw, control: str) -> tuple[str | None, str]:
    """The one class that an annotation gives, or None and why; the same cases as in the service."""
    if annotation.get("was_cancelled"):
        return None, "annotation cancelled"
    values: set[str] = set()
    for region in dicts(annotation.get("result")):
        if region.get("from_name") != control:
            continue
        value = region.get("value")
        choices = value.get(CHOICES) if isinstance(value, dict) else None
        if not isinstance(choices, list) or not all(isinstance(each, str) for each in choices):
            return None, "annotation unreadable"
        values.update(choices)
    if len(values) > 1:
        return None, "annotation with several labels"
    return (values.pop(), "") if values else (None, "annotation without a label")


def _answer(annotation: Raw, number: int, label: str) -> GivenLabel:
    created = _moment(annotation.get("created_at"))
    return GivenLabel(
        annotation_id=number,
        annotation_remote_id=str(annotation.get("id", number)),
        label_version=1,
        annotator=_person(annotation.get("completed_by")),
        label=label,
        ground_truth=bool(annotation.get("ground_truth")),
        created_at=created,
        updated_at=max(_moment(annotation.get("updated_at")), created),
    )


def _seconds(given: GivenLabel) -> float:
    known = max(given.created_at, given.updated_at)
    return math.nan if known == EPOCH else known.timestamp()


def _person(value: Any) -> str | None:
    """A user as a number, or as an object with an address."""
    if isinstance(value, dict):
        value = value.get("email") or value.get("username") or value.get("id")
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    return str(value) or None


def _moment(value: Any) -> datetime:
    return moment(value) or EPOCH


def dicts(value: Any) -> list[dict[str, Any]]:
    """The objects in a list; nothing of anything else."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
