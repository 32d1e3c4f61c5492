"""The golden set as people keep it: lines checked before anything is stored."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace

from connector import wording
from connector.errors import NotFound, Rejected
from connector.model import GoldenItem, Project
from connector.model.jobs import JobKind
from connector.model.lanes import job
from connector.store.unit_of_work import UnitOfWork

AS_LABELLED = "(as labelled)"  # in the place of a label: what the item carries now is right
MOST_TOLD = 20  # problems of a file that are told at once


@dataclass(frozen=True, slots=True)
class Line:
    """One wanted golden item: `number` is its line in a CSV file, or its place in a JSON list."""

    number: int
    item: str
    label: str


@dataclass(frozen=True, slots=True)
class Stored:
    added: int
    unchanged: int  # golden already, with this label: confirmed by now
    advice: str | None


def store(
    unit: UnitOfWork,
    project: Project,
    lines: Sequence[Line],
    source: str,
    by: str,
    valid: Container[str] | None = None,
) -> Stored:
    """Make all of these golden, or none.

    `valid` are the labels that the control can carry; without them its classes. The label `AS_LABELLED`
    stands for the one that the item carries now.

    Raises
    ------
    Rejected
        Naming line, field and remedy of each line that cannot be stored.
    """
    if project.schema is None:
        msg = f"project {project.name!r} was not synced yet: `secondlook sync {project.name}` first"
        raise Rejected(msg)
    classes = project.schema.classes
    ids = unit.items.ids_by_remote(project.id, [line.item for line in lines])
    lines, result = _resolved(unit, project, lines, ids)
    golden = {one.remote_id: one for one in unit.golden.of_items(ids.values()).values()}
    known = [line for line in lines if line.label in result or line.label in (valid or classes)]
    problems = [*_unknown(lines, ids, known, classes), *_repeated(lines), *_conflicts(lines, golden)]
    if problems:
        raise _all_refused(problems)
    unit.golden.put(project.id, [(ids[line.item], line.label) for line in lines], source, by)
    again = sum(1 for line in lines if line.item in golden and golden[line.item].retired_at is None)
    for line in lines:
        detail = {"label": line.label, "source": source}
        action = "golden.confirmed" if line.item in golden else "golden.added"
        unit.audit.append(by, action, f"item:{line.item}", detail, project.name)
    unit.enqueue(job(JobKind.PUSH, project.id))  # golden questions are put beside those that stand
    return Stored(len(lines) - again, again, wording.golden_size(unit.golden.counts(project.id)[0]))


def remove(unit: UnitOfWork, project: Project, item: str, by: str) -> GoldenItem:
    """Take an item out of the golden set; what was answered is kept."""
    result = next((one for one in unit.golden.listed(project.id) if one.remote_id == item), None)
    if result is None:
        msg = f"item {wording.quoted(item)} of {project.name} is not golden: nothing to remove"
        raise NotFound(msg)
    unit.golden.retire([result.id])
    unit.audit.append(by, "golden.removed", f"item:{item}", {"label": result.label}, project.name)
    return result


def _resolved(
    unit: UnitOfWork, project: Project, lines: Sequence[Line], ids: dict[str, int]
) -> tuple[list[Line], set[str]]:
    """The lines with the labels that items carry where they say so, and those labels."""
    wanted = [ids[line.item] for line in lines if line.label == AS_LABELLED and line.item in ids]
    carried = {one.remote_id: one.label for one in unit.items.labelled(project.id, wanted)} if wanted else {}
    result = [
        replace(line, label=carried.get(line.item, line.label)) if line.label == AS_LABELLED else line
        for line in lines
    ]
    return result, set(carried.values())


def _unknown(
    lines: Sequence[Line], ids: dict[str, int], known: Sequence[Line], classes: Sequence[str]
) -> Iterable[str]:
    for line in lines:
        if line.item not in ids:
            yield wording.golden_line(line.number, "item", line.item, *wording.no_such_item())
        if line not in known:
            yield wording.golden_line(line.number, "label", line.label, *wording.no_such_class(classes))


def _repeated(lines: Sequence[Line]) -> Iterable[str]:
    first: dict[str, Line] = {}
    for line in lines:
        before = first.setdefault(line.item, line)
        if before is not line:
            text = wording.golden_twice(before.number, before.label == line.label)
            yield wording.golden_line(line.number, "item", line.item, *text)


def _conflicts(lines: Sequence[Line], golden: dict[str, GoldenItem]) -> Iterable[str]:
    for line in lines:
        before = golden.get(line.item)
        if before is not None and before.retired_at is None and before.label != line.label:
            text = wording.golden_conflict(before.label, line.label)
            yield wording.golden_line(line.number, "label", line.label, *text)


def _all_refused(problems: Sequence[str]) -> Rejected:
    more = len(problems) - MOST_TOLD
    also = [f"… and {more} more"] if more > 0 else []
    return Rejected("\n".join(["nothing was stored:", *problems[:MOST_TOLD], *also]))
