"""The review queue by row, as the database had it at one moment: what stands, is asked, is settled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connector.model import IssueKind, IssueState
from connector.model.reasons import HeldBack
from connector.store.repositories.issues import Standing
from connector.store.unit_of_work import UnitOfWork
from workers.issues.arrays import Classes, Mask, Probabilities, Rows

NO_ISSUE = -1
UNKNOWN = -2  # a reason or a class that has no number here: it differs from all
SAME = 1e-9  # probabilities that differ by less are one

KIND = {kind.value: number for number, kind in enumerate(IssueKind)}
REASON = {reason.value: number for number, reason in enumerate(HeldBack)}
LABEL_ERROR, BUDGET = KIND[IssueKind.LABEL_ERROR.value], REASON[HeldBack.BUDGET.value]


@dataclass(frozen=True, slots=True)
class RowsOfItems:
    """Which row judges which item with which label: `given` (N) numbers of `classes`, -1 for no row."""

    row_of: Callable[[int], int | None]
    given: Classes
    classes: Sequence[str]
    row_at: Callable[[int, str], int | None] | None = None  # where an item has several rows: by place

    def find(self, item_id: int, place: str) -> int | None:
        """The row of a place of an item; `place` says nothing where an item is one row."""
        return self.row_of(item_id) if self.row_at is None else self.row_at(item_id, place)


@dataclass
class QueueByRow:
    """Each array has an entry a row (N); `without_row` is the kind of suppressed issues of other places.

    `kind` is `NO_ISSUE` where none is active. `asked` are rows that people are asked about, `settled` those
    whose label has been answered.
    """

    kind: NDArray[np.int8]
    reason: NDArray[np.int8]
    given: NDArray[np.int32]
    suggested: NDArray[np.int32]
    quality: NDArray[np.float64]
    asked: Mask
    settled: Mask
    without_row: dict[tuple[int, str], int] = field(default_factory=dict)

    @classmethod
    def empty(cls, n_rows: int) -> QueueByRow:
        return cls(
            np.full(n_rows, NO_ISSUE, dtype=np.int8),
            np.full(n_rows, NO_ISSUE, dtype=np.int8),
            np.full(n_rows, NO_ISSUE, dtype=np.int32),
            np.full(n_rows, NO_ISSUE, dtype=np.int32),
            np.zeros(n_rows),
            np.zeros(n_rows, dtype=bool),
            np.zeros(n_rows, dtype=bool),
        )

    @classmethod
    def load(cls, unit: UnitOfWork, project_id: int, rows: RowsOfItems) -> QueueByRow:
        """All of it: there may be as many issues as labels that look wrong."""
        queue = cls.empty(len(rows.given))
        queue.put(unit.issues.standing(project_id), unit.issues.settled(project_id), rows)
        return queue

    def refresh(self, unit: UnitOfWork, project_id: int, rows: RowsOfItems, changed: Iterable[int]) -> None:
        """Take in what happened to changed items and their questions, and which are asked by now."""
        item_ids = list(changed)
        self._grow(len(rows.given))
        for item_id in item_ids:
            self.without_row.pop((item_id, ""), None)
            row = rows.row_of(item_id)
            if row is not None:
                self.kind[row], self.settled[row] = NO_ISSUE, False
        gone = np.flatnonzero(rows.given < 0)
        self.kind[gone], self.settled[gone] = NO_ISSUE, False
        standing = unit.issues.standing(project_id, item_ids)
        self.put(standing, unit.issues.settled(project_id, item_ids), rows)
        self.asked[:] = False
        at = [row for item_id in unit.issues.asked(project_id) if (row := rows.row_of(item_id)) is not None]
        self.asked[at] = True

    def put(
        self, standing: Iterable[Standing], settled: Iterable[tuple[int, str]], rows: RowsOfItems
    ) -> None:
        """Note active issues, and (item, label) pairs that have been answered."""
        number = defaultdict(lambda: UNKNOWN, {name: k for k, name in enumerate(rows.classes)})
        for issue in standing:
            row = rows.find(issue.item_id, issue.place)
            suppressed = issue.state == IssueState.SUPPRESSED.value
            if row is None:
                if suppressed:
                    self.without_row[issue.item_id, issue.place] = KIND[issue.kind]
                continue
            self.kind[row] = KIND[issue.kind]
            self.reason[row] = REASON.get(issue.reason or "", UNKNOWN)
            self.given[row], self.suggested[row] = number[issue.given], number[issue.suggested]
            self.quality[row] = issue.quality
            self.asked[row] = not suppressed
        for item_id, label in settled:
            row = rows.find(item_id, label)
            if row is not None and rows.given[row] == number[label]:
                self.settled[row] = True

    def differs(
        self, rows: Rows, reason: NDArray[np.int8], given: Classes, suggested: Classes, quality: Probabilities
    ) -> Mask:
        """Which of the rows have no issue of a wrong label, or one that says something else than this."""
        other: Mask = (self.kind[rows] != LABEL_ERROR) | (self.reason[rows] != reason)
        other |= (self.given[rows] != given) | (self.suggested[rows] != suggested)
        mask: Mask = other | (np.abs(self.quality[rows] - quality) > SAME)
        return mask

    def held_back(self, *, every_kind: bool) -> Mask:
        """(N) rows with a suppressed issue: of any kind, or of a wrong label."""
        of_kind = self.kind != NO_ISSUE if every_kind else self.kind == LABEL_ERROR
        mask: Mask = of_kind & ~self.asked
        return mask

    def held_back_without_row(self, *, every_kind: bool) -> list[tuple[int, str]]:
        """The items, with the place, that are not judged and have such an issue."""
        return [at for at, kind in self.without_row.items() if every_kind or kind == LABEL_ERROR]

    def _grow(self, n_rows: int) -> None:
        more = n_rows - len(self.kind)
        if more <= 0:
            return
        new = QueueByRow.empty(more)
        for name in ("kind", "reason", "given", "suggested", "quality", "asked", "settled"):
            values: NDArray[Any] = np.concatenate([getattr(self, name), getattr(new, name)])
            setattr(self, name, values)
