"""The public face: label issues that follow changes of labels and predictions."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike

from workers.issues.arrays import Classes, Mask, Probabilities, Rows
from workers.issues.incremental import kept, saving
from workers.issues.incremental.choices import Evidence, Pair, RowChoice, choice_of
from workers.issues.incremental.confidence import Confidence
from workers.issues.incremental.incoming import (
    checked_block,
    checked_class,
    checked_classes,
    checked_values,
    qualities_of,
    quality_of,
    whole,
)
from workers.issues.incremental.margins import disagreeing
from workers.issues.incremental.members import members_of
from workers.issues.incremental.ranking import Ranking
from workers.issues.incremental.table import REMOVED, Table
from workers.issues.methods import Method, method_of
from workers.issues.thresholds import given_probs
from workers.issues.validation import InvalidInput, checked_labels, checked_probs

BY_SCORE = (Method.LOW_NORMALIZED_MARGIN, Method.LOW_SELF_CONFIDENCE)  # which rank all rows
FEW, SHARE = 16, 32  # when more rows than these few and one in so many change at once, all is computed anew


class LabelIssueState:
    """Label issues of a data set that changes row by row, exactly as `label_issues` finds them.

    Rows are numbered as given; appended rows go on from there. A removed row keeps its number for good and
    the others keep theirs, so that numbers can be stored elsewhere; `rows()` lists those still there, and
    the answers are those of `label_issues` for these rows in this order, whatever the changes were.
    A refused change leaves the state as it was.

    Parameters
    ----------
    labels : (N,) int
        Given classes, 0..K-1, of at least two classes.
    pred_probs : (N, K) float32 or float64
        Out-of-sample probabilities; copied.
    method
        One of `Method`.

    Raises
    ------
    InvalidInput
        Naming the argument, the first bad row and the remedy.

    Notes
    -----
    A change costs what the rows between the old and the new thresholds cost, plus moving and summing one
    class at memory speed; see `Members`, `Band` and `Ranking` for what is kept. A row that stands exactly
    on a boundary together with others is decided by sorting its class as `label_issues` does, which takes
    as long as that. Probabilities above 1 by more than 1e-6 are taken as 1 in their own row; `label_issues`
    then takes all those up to 1e-6 above as 1 too. Threads need a lock of their own.
    """

    def __init__(
        self, labels: ArrayLike, pred_probs: ArrayLike, *, method: str = "prune_by_noise_rate"
    ) -> None:
        self._method = method_of(method)
        probs = checked_probs(pred_probs)
        given = checked_labels(labels, *probs.shape)
        self._begin(Table(given, checked_values(probs)))

    def __len__(self) -> int:
        """How many rows are there."""
        return sum(len(members) for members in self._evidence.members)

    @property
    def method(self) -> Method:
        """How issues are chosen."""
        return self._method

    @property
    def n_rows(self) -> int:
        """How many row numbers have been given out."""
        return self._table.n_rows

    def rows(self) -> Rows:
        """The numbers of the rows that are there, ascending."""
        return np.flatnonzero(self._table.present)

    @property
    def given(self) -> Classes:
        """(n_rows,) the classes given, -1 where there is no row any more; to be read only."""
        return self._table.given

    @property
    def pred_probs(self) -> Probabilities:
        """(n_rows, K) the probabilities, of rows that were removed as well; to be read only."""
        return self._table.probs

    def is_issue(self, row: SupportsIndex) -> bool:
        """Whether the row's label is probably wrong."""
        return bool(self._choice.among(np.array([self._checked_row(row)]))[0])

    def mask(self) -> Mask:
        """(n_rows,) which rows are issues; False where there is no row any more."""
        mask = np.zeros(self.n_rows, dtype=bool)
        mask[self.issue_rows()] = True
        return mask

    def issue_rows(self) -> Rows:
        """The rows that are issues, ascending."""
        # Of most methods only rows that disagree can be: a small part of all.
        every = self._method in BY_SCORE
        rows = self.rows() if every else np.flatnonzero(self._evidence.confidence.disagreeing)
        return rows[self._choice.among(rows)]

    def quality(self, row: SupportsIndex) -> float:
        """The probability of the row's given label (0..1), normalised where the row misses a sum of 1."""
        at = self._checked_row(row)
        return quality_of(int(self._table.given[at]), self._table.probs[at])

    def qualities(self, rows: Rows) -> Probabilities:
        """(M,) `quality` of rows that are there."""
        return qualities_of(self._table.given[rows], self._table.probs[rows])

    def suggested(self, row: SupportsIndex) -> int:
        """The row's most probable class."""
        return int(self._table.probs[self._checked_row(row)].argmax())

    def set_label(self, row: SupportsIndex, label: SupportsIndex) -> None:
        """Give a row another label."""
        at = self._checked_row(row)
        new = checked_class(label, self._table.n_classes)
        old = int(self._table.given[at])
        if new == old:
            return
        self._refuse_one_class(np.array([at]), new)
        self._leave(at)
        self._evidence.members[old].discard(at)
        self._table.given[at] = new
        self._evidence.members[new].add(at, float(self._table.probs[at, new]))
        self._enter(at)
        self._evidence.confidence.settle(np.array([at]), {old, new})

    def set_probs(self, row: SupportsIndex, probs: ArrayLike) -> None:
        """Give a row another prediction, of the state's type."""
        at = self._checked_row(row)
        new = checked_block(np.asarray(probs)[None], self._table.n_classes, self._table.probs.dtype)[0]
        label = int(self._table.given[at])
        self._leave(at)
        self._table.probs[at] = new
        self._evidence.members[label].replace(at, float(new[label]))
        self._enter(at)
        self._evidence.confidence.settle(np.array([at]), {label})

    def append(self, labels: ArrayLike, probs: ArrayLike) -> Rows:
        """Add rows at the end: (M,) labels and (M, K) probabilities. Returns their numbers."""
        block = checked_block(probs, self._table.n_classes, self._table.probs.dtype)
        given = checked_classes(labels, len(block), self._table.n_classes)
        rows = self._table.append(given, block)
        if self._many(rows):
            self._begin(self._table)
            return rows
        for row, label, trust in zip(
            rows.tolist(), given.tolist(), given_probs(given, block).tolist(), strict=True
        ):
            self._evidence.members[label].add(row, trust)
            self._enter(row)
        self._evidence.confidence.settle(rows, set(given.tolist()))
        return rows

    def remove(self, rows: Iterable[SupportsIndex]) -> None:
        """Take rows out for good; the others keep their numbers."""
        numbers = sorted({self._checked_row(row) for row in rows})
        gone: Rows = np.array(numbers, dtype=np.intp)
        self._refuse_one_class(gone, None)
        classes = self._table.given[gone]
        if self._many(gone):
            self._table.given[gone] = REMOVED
            self._begin(self._table)
            return
        for row, label in zip(numbers, classes.tolist(), strict=True):
            self._leave(row)
            self._evidence.members[label].discard(row)
            self._table.given[row] = REMOVED
        self._evidence.confidence.settle(gone[:0], set(classes.tolist()))

    def save(self, target: str | Path | BinaryIO) -> None:
        """Write everything to a path or a binary file, so that `restore` need not compute it again."""
        arrays = kept.arrays_of(self._evidence, self._choice.rankings())
        saving.write(target, {"method": self._method.value}, arrays)

    @classmethod
    def restore(cls, source: str | Path | BinaryIO) -> LabelIssueState:
        """Read what `save` wrote.

        Raises
        ------
        UnusableState
            For a file that is foreign, cut short, damaged or of another version.
        OSError
            Where the file cannot be read.
        """
        texts, arrays = saving.read(source)
        self = cls.__new__(cls)
        self._method = Method(texts["method"])
        self._use(*kept.evidence_of(arrays))
        return self

    def _begin(self, table: Table) -> None:
        """Compute everything from the table."""
        members = members_of(table.given, given_probs(table.given, table.probs), table.n_classes)
        differ = disagreeing(table.given, table.probs) & table.present
        self._use(Evidence(table, members, Confidence(table, members, differ)), {})
        self._choice.prepare()

    def _use(self, evidence: Evidence, rankings: dict[Pair, Ranking]) -> None:
        self._evidence = evidence
        self._table = evidence.table
        self._choice: RowChoice = choice_of(self._method, evidence, rankings)

    def _leave(self, row: int) -> None:
        self._choice.leave(row)
        self._evidence.confidence.leave(row)

    def _enter(self, row: int) -> None:
        only = slice(row, row + 1)
        differs = disagreeing(self._table.given[only], self._table.probs[only])
        self._evidence.confidence.enter(row, self._table.probs[row], disagrees=bool(differs[0]))
        self._choice.enter(row)

    def _many(self, rows: Rows) -> bool:
        return len(rows) > FEW + self._table.n_rows // SHARE

    def _checked_row(self, row: SupportsIndex) -> int:
        number = whole(row, "row")
        if 0 <= number < self._table.n_rows and self._table.given[number] != REMOVED:
            return number
        raise InvalidInput(
            f"{number} is not there",
            argument="row",
            remedy=f"Give a row of 0..{self._table.n_rows - 1} that was not removed",
        )

    def _refuse_one_class(self, rows: Rows, new: int | None) -> None:
        """Confident learning needs two classes at least."""
        sizes = np.array([len(members) for members in self._evidence.members])
        np.subtract.at(sizes, self._table.given[rows], 1)
        if new is not None:
            sizes[new] += 1
        if np.count_nonzero(sizes) < 2:
            raise InvalidInput(
                "would leave rows of one class at most",
                argument="rows" if new is None else "label",
                remedy="Keep items of at least two classes, or drop the state",
            )
