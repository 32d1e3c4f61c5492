"""The review queue beside what detection says now: only the difference is computed and stored."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from connector.config.project import PolicySettings
from connector.model import Issue, IssueKind, IssueState, LabelledItem
from connector.model.reasons import HeldBack, LetGo
from connector.store.repositories.issues import Standing
from connector.store.unit_of_work import UnitOfWork
from workers.context import Context
from workers.detect.findings.draft import Draft
from workers.detect.findings.questions import with_questions
from workers.detect.flags import FlaggedRow, Origin, Place, issue_of, line_up, places
from workers.issues.arrays import Classes, Mask, Probabilities, Rows
from workers.issues.incremental.incoming import quality_of
from workers.issues.incremental.table import REMOVED
from workers.issues.triage import Flagged
from workers.review.question import first_votes, review_task

AT_ONCE = 2000  # issues made together: there may be as many as labels that look wrong
SAME = 1e-9  # probabilities that differ by less are one
SIMILAR_ITEMS = 5


@dataclass(frozen=True, slots=True)
class JudgedRows:
    """All rows as detection sees them, without an object for each.

    `given` (N) are classes, -1 where there is no row any more; `order` the flagged rows, most suspicious
    first, `suggested` (N) the classes that those rows probably are of and `quality` (N) the probability of
    their labels. `probs_of` gives the probabilities (M, K) of ascending rows. `whole` where this is a scan,
    whose controls and order replace earlier ones, and whose figures all suppressed issues take. `near`
    (N, k) are the rows of the nearest items, where they are known.
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
    near: Rows | None = None
    issue: Callable[[int, LabelledItem, Place, bool], Issue] | None = None  # in place of one from `probs_of`
    row_at: Callable[[int, str], int | None] | None = None  # where an item has several rows: by place
    carries: Callable[[str, str], bool] = operator.eq  # whether an item's label has what a row is about

    def find(self, item_id: int, place: str) -> int | None:
        """The row of a place of an item; `place` says nothing where an item is one row."""
        return self.row_of(item_id) if self.row_at is None else self.row_at(item_id, place)

    def place_of(self, row: int) -> str:
        """Which part of its item a row is about; empty for all of it."""
        return "" if self.row_at is None else self.label_of(row)

    def label_of(self, row: int) -> str:
        return self.origin.classes[int(self.given[row])]

    def similar_to(self, row: int) -> list[str]:
        """The labels of the row's nearest items."""
        return [] if self.near is None else [self.label_of(each) for each in self.near[row, :SIMILAR_ITEMS]]


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
    """What is to change: rows without an issue, suppressed issues to be written anew, those to let go of."""

    fresh: Mapping[int, Place]
    moved: Mapping[int, tuple[Place, Standing]]
    dropped: Sequence[str]
    n_places: int  # in the queue and held back, of what is asked already not

    def __bool__(self) -> bool:
        return bool(self.fresh or self.moved or self.dropped)

    def wanted_at(self, row: int) -> tuple[Place, Standing | None]:
        """The place of a row, and the issue that stands there."""
        return self.moved[row] if row in self.moved else (self.fresh[row], None)

    @property
    def wanted(self) -> dict[int, Place]:
        """Row → place of every issue that is written."""
        return {**self.fresh, **{row: place for row, (place, _) in self.moved.items()}}

    @property
    def n_controls(self) -> int:
        return sum(place.kind is IssueKind.CONTROL for place in self.wanted.values())


def weigh(
    context: Context,
    judged: JudgedRows,
    policy: Policy,
    chance: np.random.Generator,
    drafts: Sequence[Draft] = (),
) -> Difference:
    """What would have to change for the issues to be those of a scan.

    All rows are weighed, for a change of one label moves thresholds and the room of its class: a label
    elsewhere may become an issue, or cease to be one. `drafts` are findings about rows, of which those that
    the policy names become questions too.
    """
    with context.read() as unit:
        standing = unit.issues.standing(context.project.id)
        settled = unit.issues.settled(context.project.id)
    flagged = _flagged(judged, policy, standing, settled)
    plan = line_up(policy.settings, flagged, chance, controls=judged.whole, limit=policy.limit)
    wanted = dict(places(plan))
    if judged.whole:
        asked = _to_ask(policy.settings, drafts)
        wanted = with_questions(wanted, asked, flagged, judged.quality, policy.settings.blind_share, chance)
        return _difference(judged, wanted, standing)
    change = _difference(judged, wanted, standing)
    return replace(change, fresh={**change.fresh, **_controls(judged, policy, change, standing, chance)})


def _to_ask(settings: PolicySettings, drafts: Iterable[Draft]) -> list[Draft]:
    kinds = {kind.value for kind in settings.review_kinds}
    return [draft for draft in drafts if draft.row is not None and draft.kind.value in kinds]


def _flagged(
    judged: JudgedRows, policy: Policy, standing: Iterable[Standing], settled: Iterable[tuple[int, str]]
) -> Flagged:
    n_rows = len(judged.item_ids)
    asked = [one for one in standing if one.state != IssueState.SUPPRESSED.value]
    in_review = [row for one in asked if (row := judged.find(one.item_id, one.place)) is not None]
    answered = [
        row
        for item_id, label in settled
        if (row := judged.find(item_id, label)) is not None and judged.label_of(row) == label
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
    for one in standing:
        row = judged.find(one.item_id, one.place)
        place = None if row is None else fresh.pop(row, None)
        if one.state != IssueState.SUPPRESSED.value:
            continue
        if row is None or place is None:
            if judged.whole or one.kind == IssueKind.LABEL_ERROR.value:
                dropped.append(one.id)
        elif judged.whole or _is_other(judged, row, place, one):
            moved[row] = (place, one)
    return Difference(fresh, moved, dropped, len(wanted))


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
    free[[row for one in standing if (row := judged.find(one.item_id, one.place)) is not None]] = False
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
    opened = _opened(unit, context, wanted, all_wait=judged.whole)
    settled = unit.issues.settled(project.id)
    fresh = planned = 0
    rows = np.array(sorted(wanted), dtype=np.intp)
    for start in range(0, len(rows), AT_ONCE):
        part = rows[start : start + AT_ONCE]
        new, moved = _issues(unit, judged, difference, part, opened, settled)
        unit.issues.add(new)
        unit.issues.rescore(moved)
        fresh += len(new)
        planned += sum(1 for issue in (*new, *moved) if issue.state is IssueState.OPEN)
    dropped = [
        one.id
        for start in range(0, len(difference.dropped), AT_ONCE)
        for one in unit.issues.many(difference.dropped[start : start + AT_ONCE]).values()
        if one.state is IssueState.SUPPRESSED
    ]
    unit.issues.set_state(dropped, IssueState.STALE, LetGo.NO_LONGER_FLAGGED)
    to_ask, review = unit.issues.open_without_review(project.id), context.settings.review
    unit.reviews.plan([review_task(issue, first_votes(review, issue)) for issue in to_ask])
    return Queue(fresh, planned, len(dropped))


def _opened(unit: UnitOfWork, context: Context, wanted: Mapping[int, Place], *, all_wait: bool) -> set[int]:
    """The rows that there is room to ask about. Others wait, and the push opens them when there is.

    `all_wait` where those that wait already are among the rows; else they come first.
    """
    free = max(0, context.settings.policy.budget - unit.reviews.open_count(context.project.id))
    if not all_wait:
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
    labelled = unit.items.labelled(judged.origin.project_id, sorted(set(item_ids)))
    items = {one.item_id: one for one in labelled}
    active = {(one.item_id, one.place): one for one in unit.issues.active(judged.origin.project_id, item_ids)}
    fresh: list[Issue] = []
    moved: list[Issue] = []
    for row, item_id, probs in zip(rows.tolist(), item_ids, judged.probs_of(rows), strict=True):
        item = items.get(item_id)
        # One that changed meanwhile is judged after this.
        about = judged.label_of(row)
        if item is None or not judged.carries(item.label, about) or (item_id, about) in settled:
            continue
        place, old = difference.wanted_at(row)
        is_open = row in opened
        if judged.issue is not None:
            issue = judged.issue(row, item, place, is_open)
        else:
            finding = _finding(judged, row, item, probs, place)
            issue = issue_of(finding, place, judged.origin, is_open=is_open)
        now = active.get((item_id, judged.place_of(row)))
        if old is None and now is None:
            fresh.append(issue)
        elif old and now and now.id == old.id and now.state is IssueState.SUPPRESSED:
            moved.append(replace(issue, id=old.id))
    return fresh, moved


def _finding(
    judged: JudgedRows, row: int, item: LabelledItem, probs: Probabilities, place: Place
) -> FlaggedRow:
    quality = quality_of(int(judged.given[row]), probs)
    if place.suggested is None:
        return FlaggedRow(item, probs, int(probs.argmax()), quality, judged.similar_to(row))
    return FlaggedRow(item, probs, judged.origin.classes.index(place.suggested), quality)
