"""Letting go of questions that cannot be answered any more: the label changed, the item or class is gone."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence

from connector import wording
from connector.model import IssueState, Json, Project, ReviewState, ReviewTask
from connector.model.item_data import value_at
from connector.model.jobs import JobKind
from connector.model.lanes import job
from connector.model.reasons import LetGo
from connector.store.unit_of_work import UnitOfWork
from workers.label_types.registry import kind_of


def release_stale_issues(unit: UnitOfWork, project: Project, item_ids: Iterable[int]) -> int:
    """Close the active issues of these items whose label is not the one that was flagged any more."""
    active = unit.issues.active(project.id, list(item_ids))
    if not active:
        return 0
    asked_about = sorted({issue.item_id for issue in active})
    current = {one.item_id: one.label for one in unit.items.labelled(project.id, asked_about)}
    written = unit.corrections.standing([issue.id for issue in active])
    kind = kind_of(project.schema)
    changed, gone = [], []
    for issue in active:
        now = current.get(issue.item_id)
        # A question that was reopened is about the given label still, whatever we wrote for it meanwhile.
        ours = written.get(issue.id)
        if now is None:
            gone.append(issue.id)
        elif not kind.carries(now, issue.given) and (
            ours is None or not kind.follows(now, issue.given, ours.label)
        ):
            changed.append(issue.id)
    close_stale(unit, project, changed, LetGo.LABEL_CHANGED)
    close_stale(unit, project, gone, LetGo.ITEM_GONE)
    return len(changed) + len(gone)


def shown_of_asked(unit: UnitOfWork, project: Project, remote_ids: Sequence[str]) -> dict[int, Json]:
    """Our id → what reviewers are shown, of those of these items that are asked about or to be corrected."""
    if project.schema is None:
        return {}
    ids = unit.items.ids_by_remote(project.id, remote_ids)
    asked = {one.item_id for one in unit.issues.standing(project.id, list(ids.values()))}
    asked |= {one.item_id for one in unit.corrections.unwritten(list(ids.values()))}
    fields = [tag.field for tag in project.schema.objects]
    data = unit.items.data(sorted(asked))
    return {item_id: {name: value_at(held, name) for name in fields} for item_id, held in data.items()}


def release_edited_issues(unit: UnitOfWork, project: Project, before: Mapping[int, Json]) -> set[int]:
    """Close the issues of items that show something else now than `before`; which items those are.

    Answers to what they were do not count; a question about what they are now is a new one. An issue that is
    decided is closed as long as its correction is not written: then it is not wanted any more.
    """
    now = unit.items.data(sorted(before))
    edited = {
        item_id
        for item_id, shown in before.items()
        if {name: value_at(now.get(item_id), name) for name in shown} != shown
    }
    if edited:
        asked = [issue.id for issue in unit.issues.active(project.id, sorted(edited))]
        decided = [one.issue_id for one in unit.corrections.unwritten(sorted(edited))]
        close_stale(unit, project, sorted({*asked, *decided}), LetGo.ITEM_EDITED)
    return edited


def release_classless_issues(unit: UnitOfWork, project: Project, classes: Container[str]) -> int:
    """Close the active issues that ask about a class which the labelling config does not have any more."""
    lost = [
        issue.id
        for issue in unit.issues.active(project.id)
        if issue.given not in classes or issue.suggested not in classes
    ]
    close_stale(unit, project, lost, LetGo.CLASS_GONE)
    return len(lost)


def release_reviews(unit: UnitOfWork, project: Project, tasks: Sequence[ReviewTask], reason: str) -> None:
    """Close the issues of review tasks that nobody can answer; a later scan may ask again."""
    unit.issues.set_state([task.issue_id for task in tasks], IssueState.STALE, reason)
    unit.label_events.note(task.issue_id for task in tasks)
    unit.reviews.set_state([task.key for task in tasks], ReviewState.WITHDRAWN)
    _record(unit, project, [task.issue_id for task in tasks], reason)


def release_lost_reviews(unit: UnitOfWork, project: Project, tasks: Sequence[ReviewTask]) -> None:
    """Close the issues of review tasks that the platform has no more, and have their items judged again.

    Nobody answered: where the label still is doubtful it is asked about by a new task, without waiting for
    a scan.
    """
    if tasks:
        release_reviews(unit, project, tasks, LetGo.TASK_GONE)
        unit.enqueue(job(JobKind.JUDGE, project.id))


def close_stale(unit: UnitOfWork, project: Project, issue_ids: Sequence[str], reason: str) -> None:
    """Close issues that were not decided; their review tasks are taken back."""
    unit.issues.set_state(issue_ids, IssueState.STALE, reason)
    unit.label_events.note(issue_ids)
    reviews = unit.reviews.of_issues(issue_ids)
    unit.reviews.withdraw([task.key for task in reviews.values()])
    _record(unit, project, issue_ids, reason)
    if reviews:
        unit.enqueue(job(JobKind.PUSH, project.id))


def _record(unit: UnitOfWork, project: Project, issue_ids: Sequence[str], reason: str) -> None:
    detail = {"reason": wording.reason_text(reason)}
    for issue_id in issue_ids:
        unit.audit.append("secondlook", "issue.stale", issue_id, detail, project.name)
