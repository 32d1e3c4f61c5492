"""Tasks as Label Studio exports or stores them (JSON), without its server or its labelling config."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from connector.model import LabelStatus
from connector.model.carried import GivenLabel, carried
from connector.platforms.results import dicts, finite, meta_scores, values_in, written_by_us
from connector.wording import number_of
from workers.cli.offline.dataset import Columns, Dataset, dataset
from workers.cli.offline.dates import moment
from workers.cli.offline.errors import ARGUMENT, BadFile
from workers.cli.offline.formats.entries import FileEntries, FileEntry
from workers.cli.offline.invisible import visible
from workers.cli.offline.kinds import FileKind, kind_notice, kind_of_labels, read_number
from workers.cli.offline.label_sets import read_set
from workers.cli.offline.labels import PLACES, NoClass, read_label
from workers.cli.offline.record import LeftOut, Record, person
from workers.label_types.multi_label.value import NONE as EMPTY_SET
from workers.label_types.rating.value import EXPECTED

EPOCH = datetime.fromtimestamp(0, tz=UTC)
# The key in a region's value, and whether it can hold one label of the whole item; the surest first.
JUDGED = ("choices", "rating", "taxonomy", "pairwise", "number")
NUMBERS = ("rating", "number")
SETS = ("choices", "taxonomy")
VALUE_KEYS = {"pairwise": "selected"}
EXPORT_CHOICES = "Export a project with a Choices control, annotations included (JSON)"
OLD = "completions"  # before version 1.0

Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Control:
    """A control that results name, its kind, and whether it labels regions or parts of the item."""

    name: str
    kind: str
    of_parts: bool


def is_export(rows: Sequence[FileEntry]) -> bool:
    """Whether these are tasks with their annotations, or annotations with their tasks."""
    return any(_is_task(row.values) for row in rows[:10])


def read_tasks(entries: FileEntries, columns: Columns) -> Dataset:
    """The items that carry one label in one control. BadFile where no control can be told."""
    tasks, left_out = tasks_of(entries.rows)
    controls = controls_of([task for _, task in tasks])
    if not controls:
        raise _unlabelled([task for _, task in tasks])
    control = _chosen(_of_kind(controls, columns.kind), columns.label)
    kind = columns.kind or _kind([task for _, task in tasks], control)
    times = Counter(str(task.get("id", place)) for place, task in tasks)
    n_repeated = sum(count > 1 for count in times.values())
    notes = entries.notes
    if n_repeated:
        several = number_of(n_repeated, "task id occurs", "task ids occur")
        notes = (*notes, f"{several} more than once: such tasks are told apart by their place.")
    notes = (*notes, *_corrections_notice([task for _, task in tasks]))
    records: list[Record] = []
    for place, task in tasks:
        identity = str(task.get("id", place))
        name = f"{identity} ({place})" if times[identity] > 1 else identity
        record, problems = _record(task, name, control, kind)
        left_out += problems
        if record is not None:
            records.append(record)
    notes = (*notes, *kind_notice(kind, columns.kind, control.name), *_empty(records, kind))
    others = [each.name for each in controls if each != control and not each.of_parts and each.kind in JUDGED]
    return dataset(
        records, control.name, columns, left_out, notes=notes, others=others, ids_named=False, kind=kind
    )


def _corrections_notice(tasks: Sequence[Raw]) -> tuple[str, ...]:
    return corrections_notice(
        sum(_is_correction(one) for task in tasks for one in dicts(task.get("annotations")))
    )


def corrections_notice(n: int) -> tuple[str, ...]:
    """A sentence where annotations are corrections of ours."""
    written = number_of(n, "correction")
    return (f"{written} by Secondlook: labels that count, and nobody's answers.",) if n else ()


def _of_kind(controls: Sequence[Control], kind: FileKind | None) -> Sequence[Control]:
    """The controls that can hold labels of the kind that was named, if any can."""
    tags = {FileKind.MULTI_LABEL: SETS, FileKind.RATING: NUMBERS}.get(kind or FileKind.CHOICE)
    return [each for each in controls if tags is None or each.kind in tags] or controls


def _kind(tasks: Sequence[Raw], control: Control) -> FileKind:
    if control.kind in NUMBERS:
        return FileKind.RATING
    if control.kind not in SETS:
        return FileKind.CHOICE
    annotations = [each for task in tasks for each in dicts(task.get("annotations"))]
    read = [_label(each, control, "", FileKind.CHOICE) for each in annotations]
    return kind_of_labels([NoClass.SEVERAL if _is_several(each) else "" for each in read])


def _is_several(label: str | LeftOut) -> bool:
    return isinstance(label, LeftOut) and label.status is LabelStatus.SEVERAL


def _empty(records: Sequence[Record], kind: FileKind) -> tuple[str, ...]:
    """No class chosen is an answer of an annotation that was submitted, though nothing tells it from none."""
    n = sum(record.label == EMPTY_SET for record in records) if kind is FileKind.MULTI_LABEL else 0
    return (
        (
            (
                f"{number_of(n, 'annotation chooses', 'annotations choose')} no class: taken to say "
                "that none applies."
            ),
        )
        if n
        else ()
    )


def _is_task(value: Raw) -> bool:
    if isinstance(value.get("result"), list) and isinstance(value.get("task"), Mapping):
        return True
    return isinstance(value.get("data"), Mapping) and not isinstance(value.get("label"), str | list)


def tasks_of(rows: Sequence[FileEntry]) -> tuple[list[tuple[str, Raw]], list[LeftOut]]:
    """Tasks with their places, those of target storage put together; what is no task is left out."""
    tasks: dict[str, tuple[str, dict[str, Any]]] = {}
    left_out: list[LeftOut] = []
    for row in rows:
        task = _task(row.values)
        if task is None:
            name = f"task {row.values['id']}" if "id" in row.values else row.place
            left_out.append(LeftOut(name, "task without data"))
            continue
        stored = str(task["id"]) if "result" in row.values and "id" in task else None
        if stored is not None and stored in tasks:
            tasks[stored][1]["annotations"].append(row.values)
        else:
            tasks[stored or f"{row.place} {len(tasks)}"] = (row.place, task)
    return list(tasks.values()), left_out


def _task(value: Raw) -> dict[str, Any] | None:
    if isinstance(value.get("result"), list) and isinstance(value.get("task"), Mapping):
        inner = value["task"]
        return {**inner, "annotations": [value]} if isinstance(inner.get("data"), Mapping) else None
    if not isinstance(value.get("data"), Mapping):
        return None
    return (
        {**value, "annotations": value[OLD]} if OLD in value and "annotations" not in value else dict(value)
    )


def controls_of(tasks: Sequence[Raw]) -> list[Control]:
    """Every control with a result, in the order of their first."""
    kinds: dict[str, str] = {}
    total: Counter[str] = Counter()
    parts: Counter[str] = Counter()
    for task in tasks:
        for annotation in dicts(task.get("annotations")):
            for region, of_part in regions_of(annotation):
                name = str(region.get("from_name"))
                kinds.setdefault(name, str(region.get("type")).lower())
                total[name] += 1
                parts[name] += of_part
    return [Control(name, kind, 2 * parts[name] > total[name]) for name, kind in kinds.items()]


def regions_of(annotation: Raw) -> Iterator[tuple[dict[str, Any], bool]]:
    """Results, and whether each is about a region or a part of the item (perRegion, perItem)."""
    result = dicts(annotation.get("result"))
    drawn = {str(region.get("id")) for region in result if str(region.get("type")).lower() not in JUDGED}
    for region in result:
        value = region.get("value")
        placed = isinstance(value, dict) and bool(PLACES & set(value))
        shares = region.get("id") is not None and str(region["id"]) in drawn
        yield region, placed or shares or "item_index" in region or "parentID" in region


def _chosen(controls: Sequence[Control], wanted: str | None) -> Control:
    whole = [each for each in controls if each.kind in JUDGED and not each.of_parts]
    if wanted is not None:
        named = next((each for each in controls if each.name == wanted), None)
        if named is None:
            names = ", ".join(each.name for each in controls) or "none"
            problem = f"no annotation has a result of a control '{wanted}'"
            raise BadFile(problem, argument="--label-column", remedy=f"Name one of the controls: {names}")
        if named not in whole:
            raise BadFile(f"'{wanted}' {_why_not(named)}", argument="--label-column", remedy=_remedy(whole))
        return named
    kind = next((kind for kind in JUDGED if any(each.kind == kind for each in whole)), None)
    usable = [each for each in whole if each.kind == kind]
    if len(usable) == 1:
        return usable[0]
    if usable:
        names = ", ".join(each.name for each in usable)
        problem = f"several controls hold {usable[0].kind}: {names}"
        raise BadFile(problem, argument=ARGUMENT, remedy="Name the one to judge with --label-column")
    seen = "; ".join(f"'{each.name}' ({each.kind}) {_why_not(each)}" for each in controls[:6])
    problem = f"no annotation holds one label of a whole item: {seen}"
    raise BadFile(problem, argument=ARGUMENT, remedy=EXPORT_CHOICES)


def _unlabelled(tasks: Sequence[Raw]) -> BadFile:
    """What the tasks hold in place of results of annotations."""
    held = {
        name: sum(bool(dicts(task.get(name))) for task in tasks)
        for name in ("annotations", "predictions", "drafts")
    }
    listed = ", ".join(f"{n:,} have {name}" for name, n in held.items() if n)
    if held["annotations"]:
        problem = f"no annotation holds any result ({number_of(len(tasks), 'task')}; {listed})"
    else:
        problem = f"of its {number_of(len(tasks), 'task')} none has an annotation" + (
            f" ({listed})" if listed else ""
        )
    return BadFile(problem, argument=ARGUMENT, remedy=EXPORT_CHOICES)


def _why_not(control: Control) -> str:
    if control.of_parts:
        return "labels regions or parts of an item, not the item"
    return "is of a kind that cannot be judged in a file"


def _remedy(whole: Sequence[Control]) -> str:
    names = ", ".join(f"'{each.name}'" for each in whole)
    return f"Name one of the controls: {names}" if names else "Export a project with a Choices control"


def _record(task: Raw, name: str, control: Control, kind: FileKind) -> tuple[Record | None, list[LeftOut]]:
    place = f"task {name}"
    answers: list[GivenLabel] = []
    problems: list[LeftOut] = []
    annotations = dicts(task.get("annotations"))
    for number, annotation in enumerate(annotations):
        label = _label(annotation, control, place, kind)
        if isinstance(label, LeftOut):
            problems.append(label)
        else:
            answers.append(_answer(annotation, number, label))
    if not answers:
        return None, problems or [LeftOut(place, "not labelled")]
    chosen = carried(answers)
    # A correction is nobody's answer: beside the label that it corrects it would be a dispute.
    given = [one for one in answers if not _is_correction(annotations[one.annotation_id])] or [chosen]
    return Record(
        name,
        place,
        task["data"],
        chosen.label,
        chosen.annotator,
        answers=tuple((one.annotator, one.label) for one in given),
        at=_seconds(chosen),
        times=tuple(_seconds(one) for one in given),
        scores=_scores(task, control, kind),
        corrected=_is_correction(annotations[chosen.annotation_id]),
    ), problems


def _is_correction(annotation: Raw) -> bool:
    """Whether Secondlook wrote it, and nobody has saved it since."""
    return written_by_us(annotation.get("result"), person(annotation.get("updated_by")))


def _scores(task: Raw, control: Control, kind: FileKind) -> Mapping[str, float] | None:
    """What the newest prediction says: `meta.class_scores`, or the number; None where it says neither."""
    result = sorted(dicts(task.get("predictions")), key=lambda one: str(one.get("created_at") or ""))
    if not result or kind is FileKind.CHOICE:
        return None
    if kind is FileKind.MULTI_LABEL:
        return meta_scores(result[-1].get("result"), control.name)
    numbers = [
        finite(values_in(region, control.kind))
        for region in dicts(result[-1].get("result"))
        if region.get("from_name") == control.name
    ]
    return None if len(numbers) != 1 or numbers[0] is None else {EXPECTED: numbers[0]}


def _label(annotation: Raw, control: Control, place: str, kind: FileKind) -> str | LeftOut:
    """The label that an annotation gives, or why it is left out; the same cases as in the service."""
    if annotation.get("was_cancelled") or annotation.get("skipped"):
        return LeftOut(place, "annotation cancelled", LabelStatus.CANCELLED)
    readings = []
    for region, of_part in regions_of(annotation):
        if region.get("from_name") != control.name:
            continue
        if of_part:
            return LeftOut(place, "annotation of a region, not of the item", LabelStatus.UNREADABLE)
        readings.append(_of_region(region, control, kind))
    if kind is FileKind.MULTI_LABEL and not readings:
        return EMPTY_SET
    result = {each for each in readings if each is not NoClass.NONE}
    if not result:
        return LeftOut(place, "annotation without a label", LabelStatus.EMPTY)
    if len(result) > 1:
        result = {next((each for each in result if each is NoClass.UNREADABLE), NoClass.SEVERAL)}
    label = result.pop()
    if isinstance(label, NoClass):
        word = "annotation with several labels" if label is NoClass.SEVERAL else "annotation unreadable"
        return LeftOut(place, word, label.status)
    return label


def _of_region(region: Raw, control: Control, kind: FileKind) -> str | NoClass:
    value = region.get("value")
    if not isinstance(value, Mapping):
        return NoClass.UNREADABLE
    result = value.get(VALUE_KEYS.get(control.kind, control.kind))
    if kind is FileKind.RATING:
        return read_number(result)
    if kind is FileKind.MULTI_LABEL:
        return read_set(result) if isinstance(result, list) else NoClass.UNREADABLE
    if control.kind == "choices" and not isinstance(result, list):
        return NoClass.UNREADABLE
    if control.kind == "taxonomy":
        return read_label({"taxonomy": result})
    if control.kind == "choices" and not all(isinstance(each, str | list) for each in result or ()):
        return NoClass.UNREADABLE
    return _plain(result or ()) if control.kind == "choices" else read_label(result)


def _plain(choices: Sequence[Any]) -> str | NoClass:
    """Choices are names already: one that looks like a list or an object is a name all the same."""
    if any(isinstance(each, list) for each in choices):
        return read_label(choices)
    names = {visible(each) for each in choices} - {""}
    if len(names) > 1:
        return NoClass.SEVERAL
    return names.pop() if names else NoClass.NONE


def _answer(annotation: Raw, number: int, label: str) -> GivenLabel:
    created = _moment(annotation.get("created_at"))
    return GivenLabel(
        annotation_id=number,
        annotation_remote_id=str(annotation.get("id", number)),
        label_version=1,
        annotator=person(annotation.get("completed_by")),
        label=label,
        ground_truth=bool(annotation.get("ground_truth")),
        created_at=created,
        updated_at=max(_moment(annotation.get("updated_at")), created),
        corrected=_is_correction(annotation),
    )


def _seconds(given: GivenLabel) -> float:
    known = max(given.created_at, given.updated_at)
    return math.nan if known == EPOCH else known.timestamp()


def _moment(value: Any) -> datetime:
    return moment(value) or EPOCH
