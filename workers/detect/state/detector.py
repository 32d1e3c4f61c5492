"""Label issues of one project, kept up to date with its labels and predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connector.model import LabelledItem
from workers.detect.standing import QueueByRow, RowsOfItems
from workers.detect.state.item_rows import ItemIds, ItemRows
from workers.issues.arrays import Classes
from workers.issues.incremental import LabelIssueState, saving
from workers.issues.incremental.table import REMOVED

Row = NDArray[np.floating[Any]]  # (K,) probabilities


@dataclass(frozen=True, slots=True)
class Basis:
    """What a scan judged by: a detector is good for nothing else."""

    scan_id: str
    source: str  # of the probabilities
    model_version: str
    method: str
    classes: tuple[str, ...]
    limit: float = 1.0  # share of the review budget that the model's flags may take


@dataclass
class Taken:
    """What became of changed items: `waiting` have a label and no probabilities, and are not judged."""

    relabelled: int = 0
    added: int = 0
    removed: int = 0
    predicted: int = 0
    waiting: int = 0


class Detector:
    """A `LabelIssueState` whose rows are items.

    Changes say how an item is now, not what happened to it, so that taking in a change twice, or two
    changes at once, is the same as once. After an error in `take_in` the detector is to be thrown away.
    """

    def __init__(self, basis: Basis, seq: int, state: LabelIssueState, item_ids: ItemIds) -> None:
        self.basis = basis
        self.seq = seq  # the last label event that has been taken in
        self.state = state
        self.queue: QueueByRow | None = None  # of this process's memory only, as of `seq`
        self._rows = ItemRows(item_ids)
        self._number = {label: k for k, label in enumerate(basis.classes)}

    @classmethod
    def build(cls, basis: Basis, seq: int, item_ids: ItemIds, given: Classes, matrix: Row) -> Detector:
        """From what a scan judged: (N,) items and their classes, (N, K) probabilities, which are copied."""
        return cls(basis, seq, LabelIssueState(given, matrix, method=basis.method), item_ids)

    @property
    def item_ids(self) -> ItemIds:
        """(n_rows,) the item of each row, of removed rows as well."""
        return self._rows.item_ids

    @property
    def nbytes(self) -> int:
        """About the memory it takes."""
        return 3 * self.state.pred_probs.nbytes + 5 * self.item_ids.nbytes

    def row_of(self, item_id: int) -> int | None:
        """The row of an item that is judged."""
        row = self._rows.row_of(item_id)
        return None if row is None or self.state.given[row] == REMOVED else row

    def knows(self, item_id: int) -> bool:
        """Whether there are probabilities of the item, judged now or not."""
        return self._rows.row_of(item_id) is not None

    @property
    def rows(self) -> RowsOfItems:
        return RowsOfItems(self.row_of, self.state.given, self.basis.classes)

    def take_in(
        self,
        changed: Sequence[int],
        now: Mapping[int, LabelledItem],
        probs: Mapping[int, Row],
        *,
        lasting: bool,
    ) -> Taken:
        """Bring changed items to what they are now.

        Parameters
        ----------
        changed
            Ids of the items, each once.
        now
            Those of them that carry a label.
        probs
            Their probabilities (K,), as far as they are known now.
        lasting
            Whether the probabilities that an item had here hold where `probs` has none. They are
            out-of-sample for a new label too: the item was not among what they were learned from.

        Raises
        ------
        InvalidInput
            For probabilities that are none, and where less than two classes would be left.
        """
        taken = Taken()
        gone: list[int] = []
        fresh: list[tuple[int, int, Row]] = []
        for item_id in changed:
            item, row = now.get(item_id), self.row_of(item_id)
            label = None if item is None else self._number.get(item.label)
            known = self._probs_of(item_id, probs, lasting=lasting)
            if label is None or known is None:
                taken.waiting += int(label is not None)
                gone += [] if row is None else [row]
            elif row is None:
                fresh.append((item_id, label, known))
            else:
                self._change(row, label, known, taken)
        self._add(fresh)
        self.state.remove(gone)
        taken.added, taken.removed = len(fresh), len(gone)
        return taken

    def to_bytes(self) -> bytes:
        """To be kept."""
        file = BytesIO()
        saving.write(file, {"basis": asdict(self.basis), "seq": self.seq}, {"items": self.item_ids})
        self.state.save(file)
        return file.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> Detector:
        """What `to_bytes` gave; raises `UnusableState`."""
        file = BytesIO(content)
        header, arrays = saving.read(file)
        if "basis" not in header:
            raise saving.UnusableState("it is no project's detector")
        basis = Basis(**{**header["basis"], "classes": tuple(header["basis"]["classes"])})
        return cls(basis, header["seq"], LabelIssueState.restore(file), arrays["items"])

    def _probs_of(self, item_id: int, probs: Mapping[int, Row], *, lasting: bool) -> Row | None:
        known = probs.get(item_id)
        if known is not None:
            return known.astype(self.state.pred_probs.dtype, copy=False)
        row = self._rows.row_of(item_id)
        return self.state.pred_probs[row] if lasting and row is not None else None

    def _change(self, row: int, label: int, probs: Row, taken: Taken) -> None:
        if self.state.given[row] != label:
            self.state.set_label(row, label)
            taken.relabelled += 1
        if not np.array_equal(self.state.pred_probs[row], probs):
            self.state.set_probs(row, probs)
            taken.predicted += 1

    def _add(self, fresh: Sequence[tuple[int, int, Row]]) -> None:
        if not fresh:
            return
        labels = np.array([label for _, label, _ in fresh], dtype=np.int64)
        self.state.append(labels, np.vstack([probs for _, _, probs in fresh]))
        self._rows.append([item_id for item_id, _, _ in fresh])
