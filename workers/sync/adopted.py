"""Corrections of ours that stand on the platform and that this database does not know: they are owned up to.

It was restored from a backup that is older than they are. The mark on the platform says of which issue a
correction is, what it changed, and how that is undone; who decided it, and by which answers, is lost.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from connector import wording
from connector.model import (
    Correction,
    CorrectionEvidence,
    CorrectionState,
    Decision,
    FlagEvidence,
    Issue,
    IssueKind,
    IssueState,
    Item,
    Outcome,
    OwnWrite,
    Project,
    ReviewState,
    WriteOrigin,
)
from connector.model.reasons import ADOPTED, LetGo, NotWritten
from connector.store.repositories.corrections import UNWRITTEN, adopted_run
from connector.store.repositories.items import StoredAnnotation
from connector.store.unit_of_work import UnitOfWork
from workers.label_types.registry import kind_of
from workers.review.release import close_stale


@dataclass(frozen=True)
class UnknownWrite:
    """One such correction: what stands, in which item, and the annotation that it corrected."""

    item: Item
    item_id: int
    write: OwnWrite
    origin: WriteOrigin
    corrected: StoredAnnotation


def adopt_unknown(unit: UnitOfWork, project: Project, items: Sequence[Item], ours: Collection[str]) -> int:
    """Record each correction that stands in these items, is of `ours` and is not known here; how many."""
    marked = {
        write.marker: (item, write, origin)
        for item in items
        for write in item.own_writes
        if (origin := _origin(project, item, write, ours)) is not None
    }
    known = unit.corrections.known(list(marked))
    adopted = [
        adopted
        for marker, (item, write, origin) in marked.items()
        if marker not in known and (adopted := _stored(unit, project, item, write, origin)) is not None
    ]
    for one in adopted:
        _adopt(unit, project, one)
    return len(adopted)


def _origin(project: Project, item: Item, write: OwnWrite, ours: Collection[str]) -> WriteOrigin | None:
    """What the mark says, where it is ours and about this item, and stands as we wrote it."""
    origin = write.origin
    if origin is None or origin.installation not in ours or origin.item != item.remote_id:
        return None
    if kind_of(project.schema).in_parts:  # others may have saved the annotation since, for another part
        return origin
    return origin if write.untouched and _is_saved_by_us(project, item, write) else None


def _is_saved_by_us(project: Project, item: Item, write: OwnWrite) -> bool:
    """Whether the platform says so: whoever saves an annotation may copy a mark into it."""
    savers = {each.remote_id: each.updated_by or each.annotator for each in item.annotations}
    return savers.get(write.remote_id, project.service_user) == project.service_user


def _stored(
    unit: UnitOfWork, project: Project, item: Item, write: OwnWrite, origin: WriteOrigin
) -> UnknownWrite | None:
    """None where nothing is left of what was corrected, nor of what was written to an annotation."""
    item_id = unit.items.ids_by_remote(project.id, [item.remote_id]).get(item.remote_id)
    rows = {} if item_id is None else unit.items.annotations_of(item_id)
    corrected = rows.get(origin.annotation) or rows.get(write.remote_id)
    issue = unit.issues.get(origin.issue)
    if item_id is None or corrected is None or (issue is not None and issue.item_id != item_id):
        return None
    return UnknownWrite(item, item_id, write, origin, corrected)


def _adopt(unit: UnitOfWork, project: Project, one: UnknownWrite) -> None:
    origin, marker = one.origin, one.write.marker
    decision = _decide(unit, project, one)
    _let_go_of_others(unit, project, one)
    unit.corrections.add(
        Correction(
            id=marker,
            project_id=project.id,
            issue_id=origin.issue,
            decision_id=decision.id,
            run_id=adopted_run(project.id),
            item_id=one.item_id,
            annotation_id=one.corrected.id,
            mode=origin.mode,
            state=CorrectionState.APPLIED,
            given=origin.given,
            label=origin.label,
            actor="secondlook",
            evidence=CorrectionEvidence(),
            remote_id=one.write.remote_id,
            before=dict(one.write.before),
            after=dict(one.write.after),
            applied_at=_saved_at(one),
        )
    )
    detail = {
        "issue": origin.issue,
        "item": one.item.remote_id,
        "mode": origin.mode.value,
        "given": origin.given,
        "label": origin.label,
        "written": one.write.remote_id,
        "reason": wording.reason_text(decision.reason),
    }
    unit.audit.append("platform", "correction.adopted", marker, detail, project.name)


def _saved_at(one: UnknownWrite) -> datetime:
    """When it was written, as far as the platform says."""
    stamps = {each.remote_id: each.updated_at for each in one.item.annotations}
    return stamps.get(one.write.remote_id, one.item.updated_at)


def _decide(unit: UnitOfWork, project: Project, one: UnknownWrite) -> Decision:
    """The issue is decided as it was once; nobody is asked about it again."""
    issue_id = one.origin.issue
    if unit.issues.get(issue_id) is None:
        unit.issues.add([_issue(project, one)])
    before = unit.issues.decision(issue_id)
    if before is not None:
        unit.issues.supersede(before.id)
    decision = Decision(str(uuid.uuid4()), issue_id, Outcome.ACCEPT, one.origin.label, ADOPTED, (), unit.now)
    unit.issues.decide(decision)
    unit.issues.set_state([issue_id], IssueState.ACCEPTED, ADOPTED)
    unit.label_events.note([issue_id])
    tasks = unit.reviews.of_issues([issue_id])
    unit.reviews.set_state([task.key for task in tasks.values()], ReviewState.DECIDED)
    return decision


def _issue(project: Project, one: UnknownWrite) -> Issue:
    """What the issue was, as far as the mark says; what the model thought of it is lost."""
    kind, origin = kind_of(project.schema), one.origin
    return Issue(
        id=origin.issue,
        project_id=project.id,
        item_id=one.item_id,
        annotation_id=one.corrected.id,
        label_version=one.corrected.label_version,
        label_updated_at=one.corrected.updated_at,
        kind=IssueKind.ADOPTED,
        state=IssueState.ACCEPTED,
        given=origin.given,
        suggested=origin.label,
        quality=0.0,
        probability=0.0,
        rank=0,
        method=ADOPTED,
        model_version="",
        scan_id=adopted_run(project.id),
        evidence=FlagEvidence(),
        reason=ADOPTED,
        place=origin.given if kind.in_parts else "",
    )


def _let_go_of_others(unit: UnitOfWork, project: Project, one: UnknownWrite) -> None:
    """What this database still held of the issue, and new questions about the label that was corrected."""
    for each in unit.corrections.all_of_issue(one.origin.issue):
        if each.state in UNWRITTEN:
            unit.corrections.set_state(each.id, CorrectionState.CANCELLED, NotWritten.SUCCEEDED)
        elif each.state in (CorrectionState.APPLIED, CorrectionState.REVERTING):
            unit.corrections.reverted(each.id, NotWritten.SUCCEEDED)
    asked = [
        issue for issue in unit.issues.active(project.id, [one.item_id]) if issue.given == one.origin.given
    ]
    if asked:
        close_stale(unit, project, [issue.id for issue in asked], LetGo.CORRECTED)
