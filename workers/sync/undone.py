"""Corrections that are written and do not stand any more: an open page or a late request undid them.

One annotation can hold several corrections, of its parts or of its controls, and each request names all of
it: one that was held up brings back what stood before the later ones.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from connector import wording
from connector.model import Annotation, Correction, CorrectionState, Item, Project, WriteMode
from connector.model.jobs import JobKind
from connector.model.lanes import job
from connector.model.reasons import NotWritten
from connector.store.unit_of_work import UnitOfWork
from workers.label_types.registry import kind_of


def look_at_undone(
    unit: UnitOfWork, project: Project, items: Sequence[Item], item_ids: Collection[int]
) -> None:
    """See where what was given stands again in place of what we wrote; `items` is what the platform says now.

    Where we saved the annotation last, the correction is looked for on the platform, and a person asked
    where it is not. Where somebody else put a region back, that is a conflict. Nothing is written once more
    by itself, for whoever saved the page may have meant it. A whole label that a person changed is theirs.
    """
    kind = kind_of(project.schema)
    now = {(item.remote_id, item.created_at): item for item in items}
    applied = unit.corrections.applied_on(project.id, sorted(item_ids))
    for at, one in enumerate(applied):
        holder = _holder(unit, now, one)
        if holder is None or not _is_put_back(project, holder, one, applied[at + 1 :]):
            continue
        if (holder.updated_by or holder.annotator) == project.service_user:
            payload = {"correction": one.id, "overtaken": True}
            unit.enqueue(job(JobKind.WRITEBACK, project.id, payload))
        elif kind.in_parts and one.mode is WriteMode.UPDATE:
            unit.corrections.set_state(one.id, CorrectionState.CONFLICT, NotWritten.PUT_BACK)
            detail = {"reason": wording.reason_text(NotWritten.PUT_BACK)}
            unit.audit.append("secondlook", "correction.conflict", one.id, detail, project.name)


def _holder(
    unit: UnitOfWork, now: dict[tuple[str, datetime], Item], correction: Correction
) -> Annotation | None:
    """The annotation that the correction was written to, as the platform has it now."""
    if correction.mode is WriteMode.PREDICTION:
        return None
    ref = unit.items.ref(correction.item_id)
    item = now.get((ref.remote_id, ref.created_at))
    held = () if item is None else item.annotations
    return next((one for one in held if one.remote_id == correction.remote_id), None)


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
