"""The review queue beside what detection says now: only the difference is computed and stored."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from connector.config.project import PolicySettings
from connector.model import Issue, IssueKind, IssueState, LabelledItem
from connector.model.reasons import LetGo
from connector.store.unit_of_work import UnitOfWork
from workers.context import Context
from workers.detect.findings.draft import Draft
from workers.detect.findings.questions import with_questions
from workers.detect.flags import FlaggedRow, Origin, Place, issue_of, line_up, places, planned_rows
from workers.detect.standing import NO_ISSUE, QueueByRow, RowsOfItems
from workers.issues.arrays import Classes, Probabilities, Rows
from workers.issues.incremental.incoming import quality_of
from workers.issues.incremental.table import REMOVED
from workers.issues.neighbours import Neighbours
from workers.issues.triage import Flagged
from workers.review.question import first_votes, review_task
from workers.review.room import room_for

AT_ONCE = 2000  # issues made together: there may be as many as labels that look wrong
SIMILAR_ITEMS = 5


@dataclass(frozen=True, slots=True)
class JudgedRows:
    """All rows as detection sees them, without an object for each.

    `given` (N) are classes, -1 where there is no row any more; `order` the flagged rows, most suspicious
    first, `suggested` (N) the classes that those rows probably are of and `quality` (N) the probability of
    their labels. `probs_of` gives the probabilities (M, K) of ascending rows. `whole` where this is a scan,
    whose controls and order replace earlier ones, and whose figures all suppressed issues take. `near` are
    the rows of the nearest items, where they are known.
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
    near: Neighbours | None = None
    issue: Callable[[int, LabelledItem, Place, bool], Issue] | None = None  # in place of one from `probs_of`
    row_at: Callable[[int, str], int | None] | None = None  # where an item has several rows: by place
    carries: Callable[[str, str], bool] = operator.eq  # whether an item's label has what a row is about

    def place_of(self, row: int) -> str:
        """Which part of its item a row is about; empty for all of it."""
        return "" if self.row_at is None else self.label_of(row)

    @property
    def rows(self) -> RowsOfItems:
        return RowsOfItems(self.row_of, self.given, self.origin.classes, self.row_at)

    def label_of(self, row: int) -> str:
        return self.origin.classes[int(self.given[row])]

    def similar_to(self, row: int) -> list[str]:
        """The labels of the row's nearest items."""
        return [] if self.near is None else [self.label_of(each) for each in self._near_rows(row)]

    def neighbours_of(self, row: int) -> list[tuple[int, float]]:
        """These items, and how far they are."""
        if self.near is None:
            return []
        far = self.near.distances[row, :SIMILAR_ITEMS]
        return list(zip(self.item_ids[self._near_rows(row)].tolist(), far.tolist(), strict=True))

    def _near_rows(self, row: int) -> Rows:
        return self.near.indices[row, :SIMILAR_ITEMS] if self.near is not None else np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class Policy:
    """How triage is to decide, with what has been learned from verdicts."""

    settings: PolicySettings
    cap_scale: NDArray[np.float64] | None = None
    limit: float = 1.0  # share of the budget that flags may take: less for a weak model
    least_controls: int = 0  # to draw by this scan, however few flags there are
    control_share: Callable[[], float] | None = (
        None  # where it is not that of the settings: asked when needed
    )


@dataclass(frozen=True, slots=True)
class Queue:
    """How the queue changed: issues that are new, review tasks that are planned, issues let go of."""

    fresh: int = 0
    planned: int = 0
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class Difference:
    """What is to change: rows without an issue, rows whose issue is written anew, places that lose theirs."""

    fresh: Mapping[int, Place]
    moved: Mapping[int, Place]
    dropped: Sequence[tuple[int, str]]  # item and place
    n_places: int  # in the queue and held back, of what is asked already not

    def __bool__(self) -> bool:
        return bool(self.fresh or self.moved or self.dropped)

    @property
    def wanted(self) -> dict[int, Place]:
        """Row → place of every issue that is written."""
        return {**self.fresh, **self.moved}

    @property
    def n_controls(self) -> int:
        return sum(place.kind is IssueKind.CONTROL for place in self.wanted.values())


def weigh_scan(
    context: Context,
    judged: JudgedRows,
    policy: Policy,
    chance: np.random.Generator,
    drafts: Sequence[Draft] = (),
) -> Difference:
    """What would have to change for the issues to be those of this scan.

    `drafts` are findings about rows, of which those that the policy names become questions too. All waiting
    issues take the scan's figures.
    """
    with context.read() as unit:
        queue = QueueByRow.load(unit, context.project.id, judged.rows)
    flagged = _flagged(judged, policy, queue)
    plan = line_up(policy.settings, flagged, chance, limit=policy.limit, least_controls=policy.least_controls)
    asked = _to_ask(policy.settings, drafts)
    blind_share = policy.settings.blind_share
    wanted = with_questions(dict(places(plan)), asked, flagged, judged.quality, blind_share, chance)
    planned = np.fromiter(wanted, dtype=np.intp, count=len(wanted))
    return _difference(judged, queue, wanted, planned)


def weigh_changes(
    judged: JudgedRows, policy: Policy, chance: np.random.Generator, queue: QueueByRow
) -> Difference:
    """What would have to change in the queue for its issues to be those that a scan would find.

    All rows are weighed, for a change of one label moves thresholds and the room of its class: a label
    elsewhere may become an issue, or cease to be one. Issues that stand as they should are left alone.
    """
    plan = line_up(
        policy.settings, _flagged(judged, policy, queue), chance, controls=False, limit=policy.limit
    )
    planned, reason = planned_rows(plan)
    given, suggested = judged.given[planned], judged.suggested[planned]
    differs = queue.differs(planned, reason, given, suggested, judged.quality[planned])
    wanted = dict(places(plan, np.flatnonzero(differs).tolist()))
    change = _difference(judged, queue, wanted, planned)
    return replace(change, fresh={**change.fresh, **_controls(judged, policy, change, queue, chance)})


def _to_ask(settings: PolicySettings, drafts: Iterable[Draft]) -> list[Draft]:
    kinds = {kind.value for kind in settings.review_kinds}
    return [draft for draft in drafts if draft.row is not None and draft.kind.value in kinds]


def _flagged(judged: JudgedRows, policy: Policy, queue: QueueByRow) -> Flagged:
    n_classes = len(judged.origin.classes)
    return Flagged(
        given=np.maximum(judged.given, 0),  # of removed rows too: they are never flagged
        suggested=judged.suggested,
        order=judged.order,
        class_counts=np.bincount(judged.given.astype(np.intp) - REMOVED, minlength=n_classes + 1)[1:],
        in_review=queue.asked,
        settled=queue.settled,
        n_open=0,
        cap_scale=policy.cap_scale,
    )


def _difference(
    judged: JudgedRows, queue: QueueByRow, wanted: Mapping[int, Place], planned: Rows
) -> Difference:
    """`wanted` are the rows to be written; of the `planned` ones, all others stand as they should."""
    has_issue = queue.kind != NO_ISSUE
    fresh = {row: place for row, place in wanted.items() if not has_issue[row]}
    moved = {row: place for row, place in wanted.items() if has_issue[row] and not queue.asked[row]}
    dropped = queue.held_back(every_kind=judged.whole)
    dropped[planned] = False
    at = [(int(judged.item_ids[row]), judged.place_of(row)) for row in np.flatnonzero(dropped).tolist()]
    gone = queue.held_back_without_row(every_kind=judged.whole)
    return Difference(fresh, moved, [*at, *gone], len(planned))


def _controls(
    judged: JudgedRows,
    policy: Policy,
    difference: Difference,
    queue: QueueByRow,
    chance: np.random.Generator,
) -> dict[int, Place]:
    """Random unflagged rows among the new questions, in the share that the policy wants."""
    asked = sum(1 for place in difference.fresh.values() if place.reason is None)
    if not asked:
        return {}
    share = policy.settings.control_share if policy.control_share is None else policy.control_share()
    wanted = int(asked * share / (1 - share) + chance.random()) if share < 1 else 0
    if not wanted:
        return {}
    free = (judged.given != REMOVED) & (queue.kind == NO_ISSUE) & ~queue.asked
    free[judged.order] = False
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
    written: list[Issue] = []
    n_fresh = n_planned = 0
    rows = np.array(sorted(wanted), dtype=np.intp)
    for start in range(0, len(rows), AT_ONCE):
        part = {row: wanted[row] for row in rows[start : start + AT_ONCE].tolist()}
        new, moved = _issues(unit, judged, difference, part, opened)
        unit.issues.add(new)
        unit.issues.rescore(moved)
        n_fresh += len(new)
        n_planned += sum(1 for issue in (*new, *moved) if issue.state is IssueState.OPEN)
        written += () if judged.whole else (*new, *moved)
    dropped = _held_back_of(unit, judged, difference.dropped)
    unit.issues.set_state(dropped, IssueState.STALE, LetGo.NO_LONGER_FLAGGED)
    if not judged.whole:  # a scan begins the journal anew
        unit.label_events.note([*(issue.id for issue in written), *dropped])
    to_ask, review = unit.issues.open_without_review(project.id), context.settings.review
    unit.reviews.plan([review_task(issue, first_votes(review, issue)) for issue in to_ask])
    return Queue(n_fresh, n_planned, len(dropped))


def _held_back_of(unit: UnitOfWork, judged: JudgedRows, dropped: Sequence[tuple[int, str]]) -> list[str]:
    """The issues of these places that are still held back."""
    places_of = set(dropped)
    item_ids = sorted({item_id for item_id, _ in dropped})
    return [
        issue.id
        for start in range(0, len(item_ids), AT_ONCE)
        for issue in unit.issues.active(judged.origin.project_id, item_ids[start : start + AT_ONCE])
        if (issue.item_id, issue.place) in places_of
        and issue.state is IssueState.SUPPRESSED
        and (judged.whole or issue.kind is IssueKind.LABEL_ERROR)
    ]


def _opened(unit: UnitOfWork, context: Context, wanted: Mapping[int, Place], *, all_wait: bool) -> set[int]:
    """The rows that there is room to ask about. Others wait, and the push opens them when there is.

    `all_wait` where those that wait already are among the rows; else they come first.
    """
    free = room_for(unit, context.project, context.settings.policy)
    if not all_wait:
        free -= len(unit.issues.waiting_for_budget(context.project.id, free))
    fit = sorted((place.rank, row) for row, place in wanted.items() if place.reason is None)
    return {row for _, row in fit[: max(0, free)]}


def _issues(
    unit: UnitOfWork,
    judged: JudgedRows,
    difference: Difference,
    wanted: Mapping[int, Place],
    opened: set[int],
) -> tuple[list[Issue], list[Issue]]:
    """New issues, and standing ones with new figures, of ascending rows as far as they still stand so."""
    rows = np.fromiter(wanted, dtype=np.intp, count=len(wanted))
    item_ids = judged.item_ids[rows].tolist()
    labelled = unit.items.labelled(judged.origin.project_id, sorted(set(item_ids)))
    items = {one.item_id: one for one in labelled}
    active = {(one.item_id, one.place): one for one in unit.issues.active(judged.origin.project_id, item_ids)}
    settled = unit.issues.settled(judged.origin.project_id, sorted(set(item_ids)))
    fresh: list[Issue] = []
    moved: list[Issue] = []
    for row, item_id, probs in zip(rows.tolist(), item_ids, judged.probs_of(rows), strict=True):
        item = items.get(item_id)
        # One that changed meanwhile is judged after this.
        about = judged.label_of(row)
        if item is None or not judged.carries(item.label, about) or (item_id, about) in settled:
            continue
        place, is_open = wanted[row], row in opened
        if judged.issue is not None:
            issue = judged.issue(row, item, place, is_open)
        else:
            finding = _finding(judged, row, item, probs, place)
            issue = issue_of(finding, place, judged.origin, is_open=is_open)
        now = active.get((item_id, judged.place_of(row)))
        if now is None and row in difference.fresh:
            fresh.append(issue)
        elif now is not None and row in difference.moved and now.state is IssueState.SUPPRESSED:
            moved.append(replace(issue, id=now.id))
    return fresh, moved


def _finding(
    judged: JudgedRows, row: int, item: LabelledItem, probs: Probabilities, place: Place
) -> FlaggedRow:
    quality = quality_of(int(judged.given[row]), probs)
    if place.suggested is None:
        alike = judged.similar_to(row), judged.neighbours_of(row)
        return FlaggedRow(item, probs, int(probs.argmax()), quality, *alike)
    return FlaggedRow(item, probs, judged.origin.classes.index(place.suggested), quality)
