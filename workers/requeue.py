"""The review queue after a change: what a scan would flag now beside what stands, and only the difference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from connector import wording
from connector.jobs import JobKind
from connector.model import Issue, IssueKind, IssueState, LabelledItem
from connector.store.repositories.issues import Standing
from connector.store.unit_of_work import UnitOfWork
from workers.context import Context
from workers.detector import Detector
from workers.flagging import Finding, Origin, Place, issue_of, line_up, places
from workers.issues.arrays import Classes, Mask
from workers.issues.incremental.table import REMOVED
from workers.issues.triage import Flagged
from workers.merging import merge_changes
from workers.plan import job

Wanted = Mapping[int, Place]  # row → where triage puts it


@dataclass(frozen=True, slots=True)
class Queue:
    """How the queue changed: issues that are new, review tasks that are planned, issues let go of."""

    fresh: int
    planned: int
    dropped: int


@dataclass(frozen=True, slots=True)
class _Difference:
    """Rows without an issue, standing suppressed issues with another place, and those flagged no more."""

    fresh: Mapping[int, Place]
    moved: Mapping[int, tuple[Place, Standing]]
    dropped: Sequence[str]


def requeued(context: Context, detector: Detector, chance: np.random.Generator) -> Queue:
    """Bring the issues to what a scan would make of the detector's labels.

    All rows are weighed, for a change of one label moves thresholds and the room of its class: a label
    elsewhere may become an issue, or cease to be one.
    """
    with context.read() as unit:
        standing = unit.issues.standing(context.project.id)
        settled = unit.issues.settled(context.project.id)
    plan, mask = _plan(context, detector, standing, settled, chance)
    difference = _difference(detector, plan, standing)
    fresh = {**difference.fresh, **_controls(context, detector, mask, difference, standing, chance)}
    difference = replace(difference, fresh=fresh)
    if not (difference.fresh or difference.moved or difference.dropped):
        return Queue(0, 0, 0)
    return _record(context, detector, difference)


def _plan(
    context: Context,
    detector: Detector,
    standing: Iterable[Standing],
    settled: Iterable[tuple[int, str]],
    chance: np.random.Generator,
) -> tuple[Wanted, Mask]:
    """Where triage puts each flagged row, as in a scan; and which rows are flagged."""
    state = detector.state
    mask = state.mask()
    asked = [one.item_id for one in standing if one.state != IssueState.SUPPRESSED.value]
    answered = [
        row
        for item_id, label in settled
        if (row := detector.row_of(item_id)) is not None and detector.label_of(row) == label
    ]
    given = _present(state.given)
    suggested = np.zeros(len(mask), dtype=np.int64)
    rows = np.flatnonzero(mask)
    suggested[rows] = state.pred_probs[rows].argmax(axis=1)
    flagged = Flagged(
        given=given,
        suggested=suggested,
        order=rows[np.argsort(state.qualities(rows), kind="stable")],
        class_counts=np.bincount(state.given[state.given != REMOVED], minlength=len(detector.basis.classes)),
        in_review=_marked(len(mask), [row for one in asked if (row := detector.row_of(one)) is not None]),
        settled=_marked(len(mask), answered),
        n_open=0,
    )
    return dict(places(line_up(context.settings.policy, flagged, chance, controls=False))), mask


def _present(given: Classes) -> Classes:
    """Class numbers that can be counted; removed rows are never flagged, so theirs does not matter."""
    return np.maximum(given, 0)


def _marked(n_rows: int, rows: Sequence[int]) -> Mask:
    mask = np.zeros(n_rows, dtype=bool)
    mask[rows] = True
    return mask


def _difference(detector: Detector, wanted: Wanted, standing: Iterable[Standing]) -> _Difference:
    item_ids = detector.item_ids
    missing = {int(item_ids[row]): (row, place) for row, place in wanted.items()}
    moved: dict[int, tuple[Place, Standing]] = {}
    dropped: list[str] = []
    for one in standing:
        row, place = missing.pop(one.item_id, (None, None))
        if one.state != IssueState.SUPPRESSED.value:
            continue
        if row is not None and place is not None:
            if (place.kind.value, place.reason or wording.BUDGET) != (one.kind, one.reason):
                moved[row] = (place, one)
        elif one.kind == IssueKind.LABEL_ERROR.value:
            dropped.append(one.id)
    return _Difference(dict(missing.values()), moved, dropped)


def _controls(
    context: Context,
    detector: Detector,
    mask: Mask,
    difference: _Difference,
    standing: Iterable[Standing],
    chance: np.random.Generator,
) -> Wanted:
    """Random unflagged rows among the new questions, in the share that the policy wants."""
    share = context.settings.policy.control_share
    asked = sum(1 for place in difference.fresh.values() if place.reason is None)
    wanted = int(asked * share / (1 - share) + chance.random()) if asked and share < 1 else 0
    if not wanted:
        return {}
    free = ~mask & (detector.state.given != REMOVED)
    free[[row for one in standing if (row := detector.row_of(one.item_id)) is not None]] = False
    pool = np.flatnonzero(free)
    drawn = chance.choice(pool, size=min(wanted, len(pool)), replace=False)
    last = max((place.rank for place in difference.fresh.values()), default=0)
    return {
        int(row): Place(int(chance.integers(0, last + 1)), IssueKind.CONTROL, None, blind=True)
        for row in drawn
    }


def _record(context: Context, detector: Detector, difference: _Difference) -> Queue:
    """Store the difference, as far as it still is one, with the review tasks and their push."""
    project, settings = context.project, context.settings
    rows = [*difference.fresh, *difference.moved]
    with context.begin() as unit:
        item_ids = [int(detector.item_ids[row]) for row in rows]
        items = {one.item_id: one for one in unit.items.labelled(project.id, item_ids)}
        current = {
            row: items[item_id]
            for row, item_id in zip(rows, item_ids, strict=True)
            # One that changed meanwhile is judged after this.
            if item_id in items and items[item_id].label == detector.label_of(row)
        }
        held = _held(unit, project.id, item_ids, difference.dropped)
        free = settings.policy.budget - unit.reviews.open_count(project.id)
        free -= len(unit.issues.waiting_for_budget(project.id, wording.BUDGET, max(free, 0)))
        fresh, moved = _issues(project.id, detector, difference, current, held, free)
        for issue in moved:
            unit.issues.rescore(issue)
        dropped = [one for one in difference.dropped if one in held.suppressed]
        merge_changes(unit, project.id, fresh, dropped, settings.review)
        planned = sum(1 for issue in (*fresh, *moved) if issue.state is IssueState.OPEN)
        if fresh or moved or dropped:
            detail = {"flagged": len(fresh), "planned": planned, "no_longer_flagged": len(dropped)}
            unit.audit.append("secondlook", "judged", detector.basis.scan_id, detail, project.name)
            unit.enqueue(job(JobKind.PUSH, project.id))
    return Queue(len(fresh), planned, len(dropped))


@dataclass(frozen=True, slots=True)
class _Held:
    """How things stand in the transaction that writes, where nobody else changes them."""

    active: frozenset[int]  # items with an active issue
    suppressed: frozenset[str]  # issues that are held back
    settled: frozenset[tuple[int, str]]


def _held(unit: UnitOfWork, project_id: int, item_ids: Sequence[int], dropped: Sequence[str]) -> _Held:
    concerned = {issue.item_id for issue in unit.issues.many(dropped).values()} | set(item_ids)
    active = unit.issues.active(project_id, list(concerned))
    return _Held(
        frozenset(active),
        frozenset(one.id for one in active.values() if one.state is IssueState.SUPPRESSED),
        frozenset(unit.issues.settled(project_id)),
    )


def _issues(
    project_id: int,
    detector: Detector,
    difference: _Difference,
    current: Mapping[int, LabelledItem],
    held: _Held,
    free: int,
) -> tuple[list[Issue], list[Issue]]:
    """New issues, and standing ones with new figures; the most suspicious `free` that may be asked open."""
    basis = detector.basis
    origin = Origin(project_id, basis.scan_id, basis.model_version, basis.method, basis.classes)
    fresh: list[Issue] = []
    moved: list[Issue] = []
    old = {row: one for row, (_, one) in difference.moved.items()}
    wanted = {**difference.fresh, **{row: place for row, (place, _) in difference.moved.items()}}
    for row, place in sorted(wanted.items(), key=lambda pair: pair[1].rank):
        item = current.get(row)
        if item is None or (item.item_id, item.label) in held.settled:
            continue
        if row in old and old[row].id not in held.suppressed:
            continue
        if row not in old and item.item_id in held.active:
            continue
        issue = issue_of(_finding(detector, row, item), place, origin, is_open=free > 0)
        free -= int(issue.state is IssueState.OPEN)
        if row in old:
            moved.append(replace(issue, id=old[row].id))
        else:
            fresh.append(issue)
    return fresh, moved


def _finding(detector: Detector, row: int, item: LabelledItem) -> Finding:
    state = detector.state
    return Finding(item, state.pred_probs[row], state.suggested(row), state.quality(row))
