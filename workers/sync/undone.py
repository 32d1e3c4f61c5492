"""Corrections that are written and do not stand any more: an open page, a late request, a person undid it.

One annotation can hold several corrections, of its parts or of its controls, and each request names all of
it: one that was held up brings back what stood before the later ones.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from connector import wording
from connector.model import Annotation, Correction, CorrectionState, Item, Project, WriteMode
from connector.model.jobs import JobKind
from connector.model.lanes import job
from connector.model.moments import moment
from connector.model.reasons import NotWritten
from connector.store.unit_of_work import UnitOfWork
from workers.label_types.base import LabelType
from workers.label_types.registry import kind_of


def look_at_undone(
    unit: UnitOfWork, project: Project, items: Sequence[Item], item_ids: Collection[int]
) -> None:
    """See what does not stand as we wrote it, and who holds what it put right; `items` is what is there now.

    What is gone, and what we saved last with the given label in its place again, is looked for on the
    platform, and a person asked where it is not. Where somebody else put a region back, that is a conflict.
    Nothing is written once more by itself, for whoever did it may have meant it. A whole label that a person
    changed is theirs.
    """
    now = {(item.remote_id, item.created_at): item for item in items}
    standing = unit.corrections.may_stand_on(project.id, sorted(item_ids))
    for at, one in enumerate(standing):
        ref = unit.items.ref(one.item_id)
        item = now.get((ref.remote_id, ref.created_at))
        if item is None or one.state is not CorrectionState.APPLIED:
            continue
        _count_others(unit, project, item, one)
        holder = next((each for each in item.annotations if each.remote_id == one.remote_id), None)
        if _is_gone(item, holder, one):
            _look_for(unit, one, NotWritten.GONE)
        elif holder is not None and _is_put_back(project, holder, one, standing[at + 1 :]):
            _put_back(unit, project, holder, one)


def note_lost_edits(unit: UnitOfWork, project: Project, item_ids: Collection[int]) -> None:
    """Say what somebody had made of an annotation of ours that is deleted now.

    By whom is not known: a deletion of ours that was held up, for a correction that was taken back, can hit
    what a person saved meanwhile.
    """
    if project.service_user is None:
        return
    for one in unit.items.edits_lost(sorted(item_ids), project.service_user):
        detail = {"item": unit.items.ref(one.item_id).remote_id, "by": one.updated_by, "label": one.label}
        unit.audit.append("platform", "annotation.edit_lost", one.remote_id, detail, project.name)


def _count_others(unit: UnitOfWork, project: Project, item: Item, correction: Correction) -> None:
    """A correction goes to one annotation: others of the item may hold the same error."""
    own = {correction.remote_id, unit.items.annotation_remote_id(correction.annotation_id)}
    kind = kind_of(project.schema)
    labels = [one.label for one in item.annotations if one.remote_id not in own and one.label is not None]
    n_annotations = sum(holds(kind, label, correction.given, correction.label) for label in labels)
    if n_annotations != correction.others:
        unit.corrections.others_hold(correction.id, n_annotations)


def holds(kind: LabelType, label: str, wrong: str, right: str) -> bool:
    """Whether somebody's label has the same error as one in which `wrong` became `right`.

    People draw the same region a little beside each other.
    """
    return kind.carries(label, wrong) or any(
        kind.alike(part, wrong) and not kind.alike(part, right) for part in kind.parts(label)
    )


def _is_gone(item: Item, holder: Annotation | None, correction: Correction) -> bool:
    """Whether what was written beside a label is not there any more."""
    if correction.mode is WriteMode.PREDICTION:
        return all(write.marker != correction.id for write in item.own_writes)
    return holder is None and correction.mode in (WriteMode.GROUND_TRUTH, WriteMode.REPLACE)


def _put_back(unit: UnitOfWork, project: Project, holder: Annotation, correction: Correction) -> None:
    if _is_saved_last_by_us(project, holder, correction):
        _look_for(unit, correction, NotWritten.OVERTAKEN)
    elif kind_of(project.schema).in_parts and correction.mode is WriteMode.UPDATE:
        unit.corrections.set_state(correction.id, CorrectionState.CONFLICT, NotWritten.PUT_BACK)
        detail = {"reason": wording.reason_text(NotWritten.PUT_BACK)}
        unit.audit.append("secondlook", "correction.conflict", correction.id, detail, project.name)


def _is_saved_last_by_us(project: Project, holder: Annotation, correction: Correction) -> bool:
    """Whether nobody has saved since: where what we write lies over an annotation, that one is not saved."""
    if (holder.updated_by or holder.annotator) == project.service_user:
        return True
    stamp = (correction.after or {}).get("updated_at")
    return isinstance(stamp, str) and moment(stamp) == holder.updated_at


def _look_for(unit: UnitOfWork, correction: Correction, why: NotWritten) -> None:
    payload = {"correction": correction.id, "why": why.value}
    unit.enqueue(job(JobKind.WRITEBACK, correction.project_id, payload))


def _is_put_back(
    project: Project, holder: Annotation, correction: Correction, later: Sequence[Correction]
) -> bool:
    """Whether what was given stands in its place, and no later correction of ours says that it should."""
    kind, label = kind_of(project.schema), holder.label
    if label is None or kind.carries(label, correction.label) or not kind.carries(label, correction.given):
        return False
    return not any(
        one.item_id == correction.item_id
        and kind.carries(label, one.label)
        and kind.same_place(correction.label, one.label)
        for one in later
    )
