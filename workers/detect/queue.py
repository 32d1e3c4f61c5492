"""The review queue beside what detection says now: only the difference is computed and stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from connector.config.project import PolicySettings
from connector.model import Issue, IssueKind, IssueState, LabelledItem
from connector.model.reasons import HeldBack
from connector.store.repositories.issues import Standing
from connector.store.unit_of_work import UnitOfWork
from workers.context import Context
from workers.detect.flags import FlaggedRow, Origin, Place, issue_of, line_up, places
from workers.detect.merging import merge_changes
from workers.issues.arrays import Classes, Mask, Probabilities, Rows
from workers.issues.incremental.incoming import quality_of
from workers.issues.incremental.table import REMOVED
from workers.issues.triage import Flagged

AT_ONCE = 2000  # issues made together: there may be as many as labels that look wrong
SAME = 1e-9  # probabilities that differ by less are one


@dataclass(frozen=True, slots=True)
class JudgedRows:
    """All rows as detection sees them, without an object for each.

    `given` (N) are classes, -1 where there is no row any more; `order` the flagged rows, most suspicious
    first, `suggested` (N) the classes that those rows probably are of and `quality` (N) the probability of
    their labels. `probs_of` gives the probabilities (M, K) of ascending rows. `whole` where this is a scan,
    whose controls and order replace earlier ones.
    """

    origin: Origin
    item_ids: NDArray[np.int64]
    given: Classes
    order: Rows
    suggested: Classes
    quality: Probabilities
    row_of: Callable[[int], int | None]
    probs_of: Callable[[Rows], Probabilities]
    whole: bool
    issue: Callable[[int, LabelledItem, Place, bool], Issue] | None = None  # in place of one from `probs_of`

    def label_of(self, row: int) -> str:
        return self.origin.classes[int(self.given[row])]


@dataclass(frozen=True, slots=True)
class Policy:
    """How triage is to decide, with what has been learned from verdicts."""

    settings: PolicySettings
    cap_scale: NDArray[np.float64] | None = None
    limit: float = 1.0  # share of the budget that flags may take: less for a weak model


@dataclass(frozen=True, slots=True)
class Queue:
    """How the queue changed: issues that are new, review tasks that are planned, issues let go of."""

    fresh: int = 0
    planned: int = 0
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class Difference:
    """What is to change: rows without an issue, held-back issues to be written anew, those flagged no more.

    `ranks` are new places in the queue of issues that stay as they are.
    """

    fresh: Mapping[int, Place]
    moved: Mapping[int, tuple[Place, Standing]]
    dropped: Sequence[str]
    ranks: Mapping[str, int]
    n_places: int  # in the queue and held back, of what is asked already not

    def __bool__(self) -> bool:
        return bool(self.fresh or self.moved or self.dropped or self.ranks)

    def wanted_at(self, row: int) -> tuple[Place, Standing | None]:
        """The place of a row, and the issue that stands there."""
        return self.moved[row] if row in self.moved else (self.fresh[row], None)

    @property
    def wanted(self) -> dict[int, Place]:
        """Row → place of every issue that is written."""
        return {**self.fresh, **{row: place for row, (place, _) in self.moved.items()}}


def weigh(context: Context, judged: JudgedRows, policy: Policy, chance: np.random.Generator) -> Difference:
    """What would have to change for the issues to be those of a scan.

    All rows are weighed, for a change of one label moves thresholds and the room of its class: a label
    elsewhere may become an issue, or cease to be one.
    """
    with context.read() as unit:
        standing = unit.issues.standing(context.project.id)
        settled = unit.issues.settled(context.project.id)
    flagged = _flagged(judged, policy, standing, settled)
    plan = line_up(policy.settings, flagged, chance, controls=judged.whole, limit=policy.limit)
    found = _difference(judged, dict(places(plan)), standing)
    if judged.whole:
        return found
    return replace(found, fresh={**found.fresh, **_controls(judged, policy, found, standing, chance)})


def _flagged(
    judged: JudgedRows, policy: Policy, standing: Iterable[Standing], settled: Iterable[tuple[int, str]]
) -> Flagged:
    n_rows = len(judged.item_ids)
    asked = [one.item_id for one in standing if one.state != IssueState.SUPPRESSED.value]
    in_review = [row for one in asked if (row := judged.row_of(one)) is not None]
    answered = [
        row
        for item_id, label in settled
        if (row := judged.row_of(item_id)) is not None and judged.label_of(row) == label
    ]
    present = judged.given[judged.given != REMOVED]
    return Flagged(
        given=np.maximum(judged.given, 0),  # of removed rows too: they are never flagged
        suggested=judged.suggested,
        order=judged.order,
        class_counts=np.bincount(present, minlength=len(judged.origin.classes)),
        in_review=_marked(n_rows, in_review),
        settled=_marked(n_rows, answered),
        n_open=0,
        cap_scale=policy.cap_scale,
    )


def _marked(n_rows: int, rows: Sequence[int]) -> Mask:
    mask = np.zeros(n_rows, dtype=bool)
    mask[rows] = True
    return mask


def _difference(judged: JudgedRows, wanted: Mapping[int, Place], standing: Iterable[Standing]) -> Difference:
    fresh = dict(wanted)
    moved: dict[int, tuple[Place, Standing]] = {}
    dropped: list[str] = []
    ranks: dict[str, int] = {}
    for one in standing:
        row = judged.row_of(one.item_id)
        place = None if row is None else fresh.pop(row, None)
        if one.state != IssueState.SUPPRESSED.value:
            continue
        if row is None or place is None:
            if judged.whole or one.kind == IssueKind.LABEL_ERROR.value:
                dropped.append(one.id)
        elif _is_other(judged, row, place, one):
            moved[row] = (place, one)
        elif judged.whole and place.rank != one.rank:
            ranks[one.id] = place.rank
    return Difference(fresh, moved, dropped, ranks, len(wanted))


def _is_other(judged: JudgedRows, row: int, place: Place, one: Standing) -> bool:
    """Whether the issue that stands says something else than is found now."""
    suggested = judged.origin.classes[int(judged.suggested[row])]
    now = (place.kind.value, place.reason or HeldBack.BUDGET, suggested, judged.label_of(row))
    if now != (one.kind, one.reason, one.suggested, one.given):
        return True
    return place.kind is IssueKind.LABEL_ERROR and abs(float(judged.quality[row]) - one.quality) > SAME


def _controls(
    judged: JudgedRows,
    policy: Policy,
    difference: Difference,
    standing: Iterable[Standing],
    chance: np.random.Generator,
) -> dict[int, Place]:
    """Random unflagged rows among the new questions, in the share that the policy wants."""
    share = policy.settings.control_share
    asked = sum(1 for place in difference.fresh.values() if place.reason is None)
    wanted = int(asked * share / (1 - share) + chance.random()) if asked and share < 1 else 0
    if not wanted:
        return {}
    free = judged.given != REMOVED
    free[judged.order] = False
    free[[row for one in standing if (row := judged.row_of(one.item_id)) is not None]] = False
    pool = np.flatnonzero(free)
    drawn = chance.choice(pool, size=min(wanted, len(pool)), replace=False)
    last = max(place.rank for place in difference.fresh.values())
    return {
        int(row): Place(int(chance.integers(0, last + 1)), IssueKind.CONTROL, None, blind=True)
        for row in drawn
    }


def carry_out(unit: UnitOfWork, context: Context, judged: JudgedRows, difference: Difference) -> Queue:
    """Store the difference, as far as it still is one, and plan the reviews of what is open."""
    project, wanted = context.project, difference.wanted
    opened = _opened(unit, context, wanted)
    settled = unit.issues.settled(project.id)
    fresh = planned = 0
    rows = np.array(sorted(wanted), dtype=np.intp)
    for start in range(0, len(rows), AT_ONCE):
        part = rows[start : start + AT_ONCE]
        new, moved = _issues(unit, judged, difference, part, opened, settled)
        unit.issues.add(new)
        for issue in moved:
            unit.issues.rescore(issue)
        fresh += len(new)
        planned += sum(1 for issue in (*new, *moved) if issue.state is IssueState.OPEN)
    dropped = [
        one.id
        for start in range(0, len(difference.dropped), AT_ONCE)
        for one in unit.issues.many(difference.dropped[start : start + AT_ONCE]).values()
        if one.state is IssueState.SUPPRESSED
    ]
    unit.issues.rank(difference.ranks)
    merge_changes(unit, project.id, (), dropped, context.settings.review)
    return Queue(fresh, planned, len(dropped))


def _opened(unit: UnitOfWork, context: Context, wanted: Mapping[int, Place]) -> set[int]:
    """The rows that there is room to ask about. Others wait, and the push opens them when there is."""
    free = max(0, context.settings.policy.budget - unit.reviews.open_count(context.project.id))
    free -= len(unit.issues.waiting_for_budget(context.project.id, free))
    fit = sorted((place.rank, row) for row, place in wanted.items() if place.reason is None)
    return {row for _, row in fit[: max(0, free)]}


def _issues(
    unit: UnitOfWork,
    judged: JudgedRows,
    difference: Difference,
    rows: Rows,
    opened: set[int],
    settled: set[tuple[int, str]],
) -> tuple[list[Issue], list[Issue]]:
    """New issues, and standing ones with new figures, of these rows as far as they still stand so."""
    item_ids = judged.item_ids[rows].tolist()
    items = {one.item_id: one for one in unit.items.labelled(judged.origin.project_id, item_ids)}
    active = unit.issues.active(judged.origin.project_id, item_ids)
    fresh: list[Issue] = []
    moved: list[Issue] = []
    for row, item_id, probs in zip(rows.tolist(), item_ids, judged.probs_of(rows), strict=True):
        item = items.get(item_id)
        # One that changed meanwhile is judged after this.
        if item is None or item.label != judged.label_of(row) or (item_id, item.label) in settled:
            continue
        place, old = difference.wanted_at(row)
        is_open = row in opened
        if judged.issue is not None:
            issue = judged.issue(row, item, place, is_open)
        else:
            issue = issue_of(_finding(judged, row, item, probs), place, judged.origin, is_open=is_open)
        if old is None and item_id not in active:
            fresh.append(issue)
        elif old is not None and item_id in active and active[item_id].id == old.id:
            moved.append(replace(issue, id=old.id))
    return fresh, moved


def _finding(judged: JudgedRows, row: int, item: LabelledItem, probs: Probabilities) -> FlaggedRow:
    return FlaggedRow(item, probs, int(probs.argmax()), quality_of(int(judged.given[row]), probs))
