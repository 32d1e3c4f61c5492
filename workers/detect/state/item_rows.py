"""Which row stands for which item."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from workers.issues.incremental.growing import grown

ItemIds = NDArray[np.int64]


class ItemRows:
    """Items by row, and the latest row of an item, without an object for each of millions of rows."""

    def __init__(self, item_ids: ItemIds) -> None:
        self._n_rows = len(item_ids)
        self._ids = item_ids
        self._order = np.argsort(item_ids, kind="stable")
        self._sorted = item_ids[self._order]
        self._later: dict[int, int] = {}  # rows appended since

    @property
    def item_ids(self) -> ItemIds:
        """(n_rows,) the item of each row."""
        return self._ids[: self._n_rows]

    def row_of(self, item_id: int) -> int | None:
        """The latest row of an item, whether or not it is still there."""
        later = self._later.get(item_id)
        if later is not None:
            return later
        place = int(np.searchsorted(self._sorted, item_id, side="right")) - 1
        if place < 0 or self._sorted[place] != item_id:
            return None
        return int(self._order[place])

    def append(self, item_ids: Sequence[int]) -> None:
        """The items of rows that were added at the end."""
        first, self._n_rows = self._n_rows, self._n_rows + len(item_ids)
        self._ids = grown(self._ids, self._n_rows)
        self._ids[first : self._n_rows] = item_ids
        self._later.update({item_id: row for row, item_id in enumerate(item_ids, start=first)})
