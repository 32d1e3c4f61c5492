"""Taking in what a platform said, whichever way it came: by webhook, polling or after a write."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from connector.model import (
    Item,
    Project,
)
from connector.model.jobs import JobKind
from connector.model.lanes import job
from connector.store.repositories.items import PageChange
from connector.store.unit_of_work import UnitOfWork
from workers.context import Context
from workers.review.release import release_edited_issues, release_stale_issues, shown_of_asked
from workers.sync.adopted import adopt_unknown
from workers.sync.late_writes import plan_removals
from workers.sync.undone import look_at_undone, note_lost_edits

FETCH_AT_ONCE = 100


def absorb_items(
    unit: UnitOfWork,
    project: Project,
    items: Sequence[Item],
    *,
    ours: Collection[str],
    gone: Sequence[int] = (),
    own_write: bool = False,
    again: bool = False,
    restored: bool = False,
) -> PageChange:
    """Store items as they are now, let go of issues that they answer, and have what changed judged.

    `ours` names the installations whose corrections are known as our own (`Context.installations`).
    `gone` are our ids of items that the platform has no more. Changed labels count towards the next scan,
    unless we have just written them ourselves. `again`: look at their data, and for what we wrote to them,
    though no stamp has moved. `restored`: the platform's data went back, so all that we wrote is looked for
    afterwards (`restored.look_after_corrections`).
    """
    shown = shown_of_asked(unit, project, [item.remote_id for item in items])
    change = unit.items.apply(project.id, items, again=again)
    edited = release_edited_issues(unit, project, shown)
    unit.items.mark_deleted(gone)
    adopt_unknown(unit, project, items, ours)
    plan_removals(unit, project, items)
    release_stale_issues(unit, project, {*change.relabelled, *gone})
    note_lost_edits(unit, project, change.relabelled)
    if not (own_write or restored):
        same = [item.remote_id for item in items if again and item.remote_id not in change.older]
        every = unit.items.ids_of(same, project.id)
        look_at_undone(unit, project, items, {*change.relabelled, *every})
    # The project's row comes last, for whoever holds it makes all others that store items wait.
    if change.relabelled and not own_write:
        unit.projects.add_changes(project.id, len(change.relabelled))
    if unit.label_events.append(project.id, {*change.relabelled, *change.repredicted, *edited, *gone}):
        unit.enqueue(job(JobKind.JUDGE, project.id))
    return change


def fetch_again(context: Context, remote_ids: Sequence[str]) -> None:
    """Take in what the platform says of these items now."""
    for start in range(0, len(remote_ids), FETCH_AT_ONCE):
        items = context.source.fetch(remote_ids[start : start + FETCH_AT_ONCE])
        with context.begin() as unit:
            absorb_items(unit, context.project, items, ours=context.installations)
